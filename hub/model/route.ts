import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";

/** A stored rule: what a destination wants to hear. Lists are globs; an empty one names nothing. */
export class Route extends Model<InferAttributes<Route>, InferCreationAttributes<Route>> {
  declare id: CreationOptional<string>;
  declare destination: string;
  declare tags: string[];
  declare repositories: string[];
  declare suites: string[];
  declare packages: string[];
  declare enabled: CreationOptional<boolean>;
  /** Who may take it away: the person who follows. */
  declare owner: string;
  declare createdBy: string;
  declare createdAt: CreationOptional<Date>;
}

export function defineRoute(sequelize: Sequelize): void {
  // A new one for each column: Sequelize writes the column's name into it.
  const globs = () => ({
    type: DataTypes.ARRAY(DataTypes.TEXT),
    allowNull: false,
    defaultValue: [],
  });
  Route.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
      destination: { type: DataTypes.TEXT, allowNull: false },
      tags: globs(),
      repositories: globs(),
      suites: globs(),
      packages: globs(),
      enabled: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      owner: { type: DataTypes.TEXT, allowNull: false },
      createdBy: { type: DataTypes.TEXT, allowNull: false },
      createdAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
    },
    { sequelize, tableName: "route" },
  );
}

import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type NonAttribute,
  type Sequelize,
} from "sequelize";

/** An archive: what mirrors serve and a keyring vouches for. */
export class Repository extends Model<
  InferAttributes<Repository>,
  InferCreationAttributes<Repository>
> {
  declare id: CreationOptional<number>;
  declare name: string;
  declare mirrors: string[];
  declare keyring: string;
  declare suites?: NonAttribute<Suite[]>;
}

/** A suite of a repository, as it is to be imported and as its last Release described it. */
export class Suite extends Model<InferAttributes<Suite>, InferCreationAttributes<Suite>> {
  declare id: CreationOptional<number>;
  declare repositoryId: number;
  declare name: string;
  declare alias: CreationOptional<string | null>;
  declare summary: CreationOptional<string | null>;
  declare sources: CreationOptional<boolean>;
  declare udebs: CreationOptional<boolean>;
  /** Languages of descriptions to import; null means en where the archive has it. */
  declare translations: CreationOptional<string[] | null>;
  /** Whether its software components (DEP-11) are imported. */
  declare dep11: CreationOptional<boolean>;
  declare checkValidUntil: CreationOptional<boolean>;
  declare codename: CreationOptional<string | null>;
  declare origin: CreationOptional<string | null>;
  declare label: CreationOptional<string | null>;
  declare version: CreationOptional<string | null>;
  declare releaseDate: CreationOptional<Date | null>;
  /** When its packages last changed here; null before the first import. */
  declare importedAt: CreationOptional<Date | null>;
  /** When its mirror was last asked with success. */
  declare checkedAt: CreationOptional<Date | null>;
  declare failingSince: CreationOptional<Date | null>;
  declare failure: CreationOptional<string | null>;
  declare repository?: NonAttribute<Repository>;
  declare components?: NonAttribute<SuiteComponent[]>;
  declare architectures?: NonAttribute<SuiteArchitecture[]>;
}

export class Component extends Model<
  InferAttributes<Component>,
  InferCreationAttributes<Component>
> {
  declare name: string;
  declare summary: CreationOptional<string | null>;
}

export class Architecture extends Model<
  InferAttributes<Architecture>,
  InferCreationAttributes<Architecture>
> {
  declare name: string;
  declare summary: CreationOptional<string | null>;
}

export class SuiteComponent extends Model<
  InferAttributes<SuiteComponent>,
  InferCreationAttributes<SuiteComponent>
> {
  declare suiteId: number;
  declare component: string;
}

export class SuiteArchitecture extends Model<
  InferAttributes<SuiteArchitecture>,
  InferCreationAttributes<SuiteArchitecture>
> {
  declare suiteId: number;
  declare architecture: string;
}

/** The last InRelease of a suite and what the mirror said of it, to ask again conditionally. */
export class SuiteRelease extends Model<
  InferAttributes<SuiteRelease>,
  InferCreationAttributes<SuiteRelease>
> {
  declare suiteId: number;
  declare url: string;
  declare etag: string | null;
  declare lastModified: string | null;
  declare content: Buffer;
}

const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };
const suiteId = { type: DataTypes.INTEGER, primaryKey: true };

export function defineArchiveSuite(sequelize: Sequelize): void {
  Repository.init(
    {
      id,
      name: { type: DataTypes.TEXT, allowNull: false },
      mirrors: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
      keyring: { type: DataTypes.TEXT, allowNull: false },
    },
    { sequelize, tableName: "repository" },
  );
  Suite.init(
    {
      id,
      repositoryId: { type: DataTypes.INTEGER, allowNull: false },
      name: { type: DataTypes.TEXT, allowNull: false },
      alias: DataTypes.TEXT,
      summary: DataTypes.TEXT,
      sources: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      udebs: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      translations: DataTypes.ARRAY(DataTypes.TEXT),
      dep11: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      checkValidUntil: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      codename: DataTypes.TEXT,
      origin: DataTypes.TEXT,
      label: DataTypes.TEXT,
      version: DataTypes.TEXT,
      releaseDate: DataTypes.DATE,
      importedAt: DataTypes.DATE,
      checkedAt: DataTypes.DATE,
      failingSince: DataTypes.DATE,
      failure: DataTypes.TEXT,
    },
    { sequelize, tableName: "suite" },
  );
  const named = {
    name: { type: DataTypes.TEXT, primaryKey: true },
    summary: DataTypes.TEXT,
  };
  Component.init(named, { sequelize, tableName: "component" });
  Architecture.init(named, { sequelize, tableName: "architecture" });
  SuiteComponent.init(
    { suiteId, component: { type: DataTypes.TEXT, primaryKey: true } },
    { sequelize, tableName: "suite_component" },
  );
  SuiteArchitecture.init(
    { suiteId, architecture: { type: DataTypes.TEXT, primaryKey: true } },
    { sequelize, tableName: "suite_architecture" },
  );
  SuiteRelease.init(
    {
      suiteId,
      url: { type: DataTypes.TEXT, allowNull: false },
      etag: DataTypes.TEXT,
      lastModified: DataTypes.TEXT,
      content: { type: DataTypes.BLOB, allowNull: false },
    },
    { sequelize, tableName: "suite_release" },
  );
}

export function associateArchiveSuite(): void {
  Repository.hasMany(Suite, { as: "suites", foreignKey: "repositoryId" });
  Suite.belongsTo(Repository, { as: "repository", foreignKey: "repositoryId" });
  Suite.hasMany(SuiteComponent, { as: "components", foreignKey: "suiteId" });
  Suite.hasMany(SuiteArchitecture, { as: "architectures", foreignKey: "suiteId" });
}

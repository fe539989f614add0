import {
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";

/** What the Matrix session remembers between runs: its place in the stream, encrypted rooms. */
export class MatrixState extends Model<
  InferAttributes<MatrixState>,
  InferCreationAttributes<MatrixState>
> {
  declare key: string;
  declare value: string;
}

export function defineMatrixState(sequelize: Sequelize): void {
  MatrixState.init(
    {
      key: { type: DataTypes.TEXT, primaryKey: true },
      value: { type: DataTypes.TEXT, allowNull: false },
    },
    { sequelize, tableName: "matrix_state" },
  );
}

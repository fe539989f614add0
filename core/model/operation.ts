import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";
import type { Answer, Progress } from "../operation/declare.ts";

export type OperationState = "queued" | "running" | "done" | "failed" | "cancelled";

/** One piece of work that was asked for, from the asking to the answer. */
export class Operation extends Model<
  InferAttributes<Operation>,
  InferCreationAttributes<Operation>
> {
  declare id: CreationOptional<string>;
  /** The short number that people type. */
  declare number: CreationOptional<string>;
  declare name: string;
  declare parameters: Record<string, unknown>;
  declare dryRun: boolean;
  declare caller: string;
  declare callerRole: string;
  declare origin: string;
  declare room: string | null;
  declare state: CreationOptional<OperationState>;
  declare locks: string[];
  declare attempts: CreationOptional<number>;
  declare cancelRequestedBy: string | null;
  declare progress: Progress | null;
  declare answer: Answer | null;
  declare error: { code: string; message: string; hint?: string } | null;
  declare createdAt: CreationOptional<Date>;
  declare startedAt: Date | null;
  declare finishedAt: Date | null;
  declare changedAt: CreationOptional<Date>;
}

export function defineOperation(sequelize: Sequelize): void {
  Operation.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
      number: { type: DataTypes.BIGINT, autoIncrement: true },
      name: { type: DataTypes.TEXT, allowNull: false },
      parameters: { type: DataTypes.JSONB, allowNull: false },
      dryRun: { type: DataTypes.BOOLEAN, allowNull: false },
      caller: { type: DataTypes.TEXT, allowNull: false },
      callerRole: { type: DataTypes.TEXT, allowNull: false },
      origin: { type: DataTypes.TEXT, allowNull: false },
      room: DataTypes.TEXT,
      state: { type: DataTypes.TEXT, allowNull: false, defaultValue: "queued" },
      locks: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
      attempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      cancelRequestedBy: DataTypes.TEXT,
      progress: DataTypes.JSONB,
      answer: DataTypes.JSONB,
      error: DataTypes.JSONB,
      createdAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
      startedAt: DataTypes.DATE,
      finishedAt: DataTypes.DATE,
      changedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
    },
    { sequelize, tableName: "operation" },
  );
}

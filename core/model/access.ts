import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";
import type { Role } from "../operation/declare.ts";

/** A role given to (or kept from) somebody, everywhere or in some rooms. */
export class RoleGrant extends Model<
  InferAttributes<RoleGrant>,
  InferCreationAttributes<RoleGrant>
> {
  declare id: CreationOptional<string>;
  declare principal: string;
  declare role: Role;
  declare room: CreationOptional<string>;
  declare denied: CreationOptional<boolean>;
  declare grantedBy: string;
  declare grantedAt: CreationOptional<Date>;
}

/** One decision about somebody asking for something. Each record's hash covers the one before. */
export class Audit extends Model<InferAttributes<Audit>, InferCreationAttributes<Audit>> {
  declare id: string;
  declare time: Date;
  declare caller: string;
  declare origin: string;
  declare room: string | null;
  declare operation: string;
  declare arguments: Record<string, unknown>;
  declare decision: string;
  declare reason: string;
  declare operationId: string | null;
  declare previousHash: string;
  declare hash: string;
}

export function defineAccess(sequelize: Sequelize): void {
  RoleGrant.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
      principal: { type: DataTypes.TEXT, allowNull: false },
      role: { type: DataTypes.TEXT, allowNull: false },
      room: { type: DataTypes.TEXT, allowNull: false, defaultValue: "*" },
      denied: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      grantedBy: { type: DataTypes.TEXT, allowNull: false },
      grantedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
    },
    { sequelize, tableName: "role_grant" },
  );
  Audit.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true },
      time: { type: DataTypes.DATE, allowNull: false },
      caller: { type: DataTypes.TEXT, allowNull: false },
      origin: { type: DataTypes.TEXT, allowNull: false },
      room: DataTypes.TEXT,
      operation: { type: DataTypes.TEXT, allowNull: false },
      arguments: { type: DataTypes.JSONB, allowNull: false },
      decision: { type: DataTypes.TEXT, allowNull: false },
      reason: { type: DataTypes.TEXT, allowNull: false },
      operationId: DataTypes.UUID,
      previousHash: { type: DataTypes.TEXT, allowNull: false },
      hash: { type: DataTypes.TEXT, allowNull: false },
    },
    { sequelize, tableName: "audit" },
  );
}

import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";
import type { Message } from "../../core/message.ts";
import type { DeliverySubject } from "../channels/channel.ts";

export type DeliveryState = "pending" | "sent" | "dead" | "cancelled";

/** One message on its way to one destination. Written by the outbox and the dispatcher only. */
export class Delivery extends Model<InferAttributes<Delivery>, InferCreationAttributes<Delivery>> {
  declare id: CreationOptional<string>;
  declare number: CreationOptional<string>;
  declare destination: string;
  declare eventId: string | null;
  declare message: Message;
  declare subject: DeliverySubject;
  declare reason: string;
  declare idempotencyKey: string | null;
  declare thread: string | null;
  declare replyTo: string | null;
  declare edits: string | null;
  declare final: CreationOptional<boolean>;
  declare state: CreationOptional<DeliveryState>;
  declare attempts: CreationOptional<number>;
  declare attemptedAt: Date | null;
  declare unclearSince: Date | null;
  declare nextAttemptAt: CreationOptional<Date>;
  declare giveUpAt: CreationOptional<Date>;
  declare leaseUntil: Date | null;
  declare fence: CreationOptional<string>;
  declare remoteId: string | null;
  declare lastError: string | null;
  declare createdAt: CreationOptional<Date>;
  declare finishedAt: Date | null;
}

export function defineDelivery(sequelize: Sequelize): void {
  Delivery.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
      number: { type: DataTypes.BIGINT, autoIncrement: true },
      destination: { type: DataTypes.TEXT, allowNull: false },
      eventId: DataTypes.BIGINT,
      message: { type: DataTypes.JSONB, allowNull: false },
      subject: { type: DataTypes.JSONB, allowNull: false },
      reason: { type: DataTypes.TEXT, allowNull: false },
      idempotencyKey: DataTypes.TEXT,
      thread: DataTypes.TEXT,
      replyTo: DataTypes.TEXT,
      edits: DataTypes.UUID,
      final: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      state: { type: DataTypes.TEXT, allowNull: false, defaultValue: "pending" },
      attempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      attemptedAt: DataTypes.DATE,
      unclearSince: DataTypes.DATE,
      nextAttemptAt: { type: DataTypes.DATE, allowNull: false },
      giveUpAt: { type: DataTypes.DATE, allowNull: false },
      leaseUntil: DataTypes.DATE,
      fence: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      remoteId: DataTypes.TEXT,
      lastError: DataTypes.TEXT,
      createdAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
      finishedAt: DataTypes.DATE,
    },
    { sequelize, tableName: "delivery" },
  );
}

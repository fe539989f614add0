import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";
import type { Message } from "../../core/message.ts";

/** What a person said in a room, kept until the bot has dealt with it. */
export class IncomingMessage extends Model<
  InferAttributes<IncomingMessage>,
  InferCreationAttributes<IncomingMessage>
> {
  declare id: CreationOptional<string>;
  /** Where: `matrix:!room:server`, `room:local`. The answer goes there. */
  declare destination: string;
  declare messageId: string;
  declare sender: string;
  declare body: string;
  /** Said to us and nobody else. */
  declare addressed: CreationOptional<boolean>;
  declare thread: string | null;
  declare replyTo: string | null;
  declare sentAt: Date;
  declare receivedAt: CreationOptional<Date>;
  /** Counted when one begins. */
  declare attempts: CreationOptional<number>;
  declare handledAt: Date | null;
  /** What became of it, a few words. */
  declare outcome: string | null;
}

/** One line of the local room, by a person or by us. */
export class RoomMessage extends Model<
  InferAttributes<RoomMessage>,
  InferCreationAttributes<RoomMessage>
> {
  declare id: CreationOptional<string>;
  declare room: string;
  declare revision: string;
  declare sender: string;
  declare deliveryId: string | null;
  /** Plain text. */
  declare body: string;
  /** Of our own lines: render it with `renderHtml`. */
  declare message: Message | null;
  declare thread: string | null;
  declare replyTo: string | null;
  declare saidAt: CreationOptional<Date>;
  declare editedAt: Date | null;
}

export function defineConversation(sequelize: Sequelize): void {
  IncomingMessage.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
      destination: { type: DataTypes.TEXT, allowNull: false },
      messageId: { type: DataTypes.TEXT, allowNull: false },
      sender: { type: DataTypes.TEXT, allowNull: false },
      body: { type: DataTypes.TEXT, allowNull: false },
      addressed: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      thread: DataTypes.TEXT,
      replyTo: DataTypes.TEXT,
      sentAt: { type: DataTypes.DATE, allowNull: false },
      receivedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
      attempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      handledAt: DataTypes.DATE,
      outcome: DataTypes.TEXT,
    },
    { sequelize, tableName: "incoming_message" },
  );
  RoomMessage.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
      room: { type: DataTypes.TEXT, allowNull: false },
      revision: { type: DataTypes.BIGINT, allowNull: false },
      sender: { type: DataTypes.TEXT, allowNull: false },
      deliveryId: DataTypes.UUID,
      body: { type: DataTypes.TEXT, allowNull: false },
      message: DataTypes.JSONB,
      thread: DataTypes.TEXT,
      replyTo: DataTypes.TEXT,
      saidAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
      editedAt: DataTypes.DATE,
    },
    { sequelize, tableName: "room_message" },
  );
}

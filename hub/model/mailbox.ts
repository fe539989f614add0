import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";

/** A mail of the mailbox on this machine, byte for byte as it came over SMTP. */
export class MailboxMessage extends Model<
  InferAttributes<MailboxMessage>,
  InferCreationAttributes<MailboxMessage>
> {
  declare id: CreationOptional<string>;
  declare recipient: string;
  declare sender: string;
  declare messageId: string;
  declare source: Buffer;
  declare receivedAt: CreationOptional<Date>;
}

export function defineMailbox(sequelize: Sequelize): void {
  MailboxMessage.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
      recipient: { type: DataTypes.TEXT, allowNull: false },
      sender: { type: DataTypes.TEXT, allowNull: false },
      messageId: { type: DataTypes.TEXT, allowNull: false },
      source: { type: DataTypes.BLOB, allowNull: false },
      receivedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
    },
    { sequelize, tableName: "mailbox_message" },
  );
}

import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";

/** An accepted event; `id` tells the order in which this journal took them in. */
export class Event extends Model<InferAttributes<Event>, InferCreationAttributes<Event>> {
  declare id: CreationOptional<string>;
  declare uuid: string;
  declare tag: string;
  declare time: Date;
  declare receivedAt: CreationOptional<Date>;
  declare signer: string | null;
  /** Made here, submitted to our Lighthouse, or heard from another one on the bus. */
  declare origin: "local" | "submitted" | "bus" | "relayed";
  /** The text as received or signed. */
  declare body: string;
  declare data: Record<string, unknown>;
}

/** A frame that was refused, with the reason; nobody is told of it but operators. */
export class EventQuarantine extends Model<
  InferAttributes<EventQuarantine>,
  InferCreationAttributes<EventQuarantine>
> {
  declare id: CreationOptional<string>;
  declare receivedAt: CreationOptional<Date>;
  /** The endpoint it came in by. */
  declare source: string;
  /** The word of the refusal: `wrong-signature`. */
  declare code: CreationOptional<string>;
  declare reason: string;
  declare signer: string | null;
  declare tag: string | null;
  declare body: string;
}

export function defineEvent(sequelize: Sequelize): void {
  Event.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
      uuid: { type: DataTypes.UUID, allowNull: false },
      tag: { type: DataTypes.TEXT, allowNull: false },
      time: { type: DataTypes.DATE, allowNull: false },
      receivedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
      signer: DataTypes.TEXT,
      origin: { type: DataTypes.TEXT, allowNull: false },
      body: { type: DataTypes.TEXT, allowNull: false },
      data: { type: DataTypes.JSONB, allowNull: false },
    },
    { sequelize, tableName: "event" },
  );
  EventQuarantine.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
      receivedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
      source: { type: DataTypes.TEXT, allowNull: false },
      code: { type: DataTypes.TEXT, allowNull: false, defaultValue: "unknown" },
      reason: { type: DataTypes.TEXT, allowNull: false },
      signer: DataTypes.TEXT,
      tag: DataTypes.TEXT,
      body: { type: DataTypes.TEXT, allowNull: false },
    },
    { sequelize, tableName: "event_quarantine" },
  );
}

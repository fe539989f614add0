import type { Sequelize } from "sequelize";
import { defineConversation } from "./conversation.ts";
import { defineDelivery, Delivery } from "./delivery.ts";
import { defineMailbox } from "./mailbox.ts";

/**
 * Defines the hub's models on a connection. Every program that uses them calls this after
 * `connect`; a second call changes nothing.
 */
export function defineHubModels(sequelize: Sequelize): void {
  if (sequelize.isDefined(Delivery.name)) return;
  defineDelivery(sequelize);
  defineConversation(sequelize);
  defineMailbox(sequelize);
}

import type { Database } from "../../core/database/connect.ts";
import { type Config, Config as ConfigSchema, type Settings } from "../../core/config.ts";
import type { Message } from "../../core/message.ts";
import { silentLog } from "../../core/log.ts";
import type { ChannelContext } from "../../hub/channels/channel.ts";
import { receive } from "../../hub/incoming.ts";
import { linksOf } from "../../hub/links.ts";
import { defineHubModels } from "../../hub/model/index.ts";
import { deliveryBooks } from "../../hub/delivery/outbox.ts";
import { testDatabase } from "./database.ts";

/** A database of the calling test file's own, with the hub's models. */
export async function hubDatabase(): Promise<Database> {
  const database = await testDatabase();
  defineHubModels(database.sequelize);
  return database;
}

/** Settings without a file. */
export function settingsOf(config: Record<string, unknown>): Settings & { config: Config } {
  const dataDirectory = "/nonexistent";
  return { config: ConfigSchema.parse(config), dataDirectory, file: undefined };
}

/** What channels are given. */
export function channelContext(config: Record<string, unknown> = {}): ChannelContext {
  const settings = settingsOf(config);
  return { settings, log: silentLog(), links: linksOf(settings), receive };
}

export function says(text: string): Message {
  return { tone: "neutral", headline: [text] };
}

/** How the books differ from what a test expects; no difference is undefined. */
export async function booksDiffer(
  expected: Partial<Record<"sent" | "pending" | "dead" | "cancelled", number>>,
): Promise<string | undefined> {
  const books = await deliveryBooks();
  const wanted = { sent: 0, pending: 0, dead: 0, cancelled: 0, ...expected };
  const created = wanted.sent + wanted.pending + wanted.dead + wanted.cancelled;
  const [is, should] = [books, { created, ...wanted }].map((one) => JSON.stringify(one));
  return is === should ? undefined : `books are ${is}, should be ${should}`;
}

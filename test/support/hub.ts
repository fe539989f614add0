import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../core/database/connect.ts";
import { type Config, Config as ConfigSchema, type Settings } from "../../core/config.ts";
import type { Message } from "../../core/message.ts";
import { silentLog } from "../../core/log.ts";
import { channelKinds } from "../../hub/channels/index.ts";
import { setPreference } from "../../hub/pacing/set-preference.ts";
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

const dataDirectory = mkdtempSync(join(tmpdir(), "lk-data-"));
process.once("exit", () => rmSync(dataDirectory, { recursive: true, force: true }));

/** Settings without a file; secrets are made in a folder of this process. */
export function settingsOf(config: Record<string, unknown>): Settings & { config: Config } {
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

/** Lets a destination hear every event by itself, however many come. */
export async function unpaced(...destinations: string[]): Promise<void> {
  const asking = { by: "test", kinds: channelKinds, now: new Date() };
  for (const one of destinations) await setPreference(one, { budget: "none" }, asking);
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

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { database, inTransaction } from "../../core/database/connect.ts";
import { declareEvent } from "../../core/events/declare.ts";
import { silentLog } from "../../core/log.ts";
import { renderText } from "../../core/message.ts";
import { Event } from "../../core/model/event.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { channelKinds } from "../../hub/channels/index.ts";
import { Delivery } from "../../hub/model/delivery.ts";
import { flushDue } from "../../hub/pacing/flush.ts";
import { pace, type Pacing } from "../../hub/pacing/pace.ts";
import { AT_ONCE, type Decision, type Tempo } from "../../hub/routing/decision.ts";

/** An event of the tests: of anything, in any state. */
const Happened = z.object({
  name: z.string(),
  suite: z.string().default("sid"),
  tone: z.enum(["good", "bad", "attention", "neutral"]).default("neutral"),
  object: z.string().optional(),
  continues: z.boolean().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  cause: z.string().optional(),
  did: z.string().optional(),
  lasts: z.boolean().optional(),
  silent: z.boolean().default(false),
});
export type Happened = z.input<typeof Happened>;

const happened = declareEvent({
  tag: "_lk.test.happened",
  summary: "something",
  schema: Happened,
  audience: "people",
  subject: ({ name, suite }) => ({ packages: [name], suites: [suite], repository: "debian" }),
  story: ({ name: _name, suite: _suite, tone: _tone, silent: _silent, ...story }) =>
    story as object,
  render: ({ name, tone, silent }) => (silent ? null : { tone, headline: [name] }),
});

export const testPacing: Pacing = {
  registry: createRegistry([{ name: "test", summary: "", events: [happened] }]),
  links: { web: "https://lk.example.org" },
  kinds: channelKinds,
  log: silentLog(),
};

/** How a test decides what routing would. */
export interface Asked {
  destinations: readonly string[];
  tempo?: Partial<Tempo>;
  decision?: Partial<Decision>;
  backlog?: boolean;
  /** When it happened, if that was long before it is routed. */
  happenedAt?: Date;
}

/** Lets events happen at a time and be routed then. @returns their numbers */
export async function happen(
  events: readonly Happened[],
  now: Date,
  { destinations, tempo, decision, backlog = false, happenedAt = now }: Asked,
): Promise<string[]> {
  return inTransaction(async () => {
    const rows = await Event.bulkCreate(
      events.map((data) => ({
        uuid: randomUUID(),
        tag: "_lk.test.happened",
        time: happenedAt,
        signer: null,
        origin: "local" as const,
        body: "",
        data,
      })),
      { returning: true },
    );
    const decisions = destinations.map((destination) => ({
      destination,
      reasons: [{ name: "a test" }],
      tempo: { ...AT_ONCE, ...tempo },
      ...decision,
    }));
    const stored = rows.map(({ id, uuid, tag, data, time }) => ({ id, uuid, tag, data, time }));
    await pace(
      stored.map((event) => ({ event, decisions })),
      testPacing,
      { now, backlog },
    );
    return stored.map(({ id }) => id);
  });
}

/** Tells what is due at a time. */
export async function flushAt(now: Date): Promise<void> {
  while ((await flushDue(testPacing, now)).served > 0);
}

/** What destinations were told, oldest first: `→` for a new message, `✎` for an edit. */
export async function told(): Promise<string[]> {
  const deliveries = await Delivery.findAll({ order: [["number", "ASC"]] });
  return deliveries.map(({ destination, message, edits }) => {
    const lines = renderText(message)
      .split("\n")
      .filter((line) => !/event [0-9a-f]{8}|events\/|When:|Since:/.test(line))
      .map((line) => line.trim().replace(/^(ℹ️|✅|❌|⚠️) /u, ""));
    return `${destination} ${edits === null ? "→" : "✎"} ${lines.join(" | ")}`;
  });
}

/** Empties what pacing writes. */
export async function forgetPacing(): Promise<void> {
  await database().query("truncate event, delivery, pace, bundle, notice cascade");
}

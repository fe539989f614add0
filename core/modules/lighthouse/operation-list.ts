import { Op } from "sequelize";
import { z } from "zod";
import { understand } from "../../events/catalogue.ts";
import { sequencesOf } from "../../events/sequence.ts";
import { likeOfGlob } from "../../events/tag-glob.ts";
import type { Message } from "../../message.ts";
import { plainLine } from "../../message.ts";
import { Event } from "../../model/event.ts";
import { declareOperation } from "../../operation/declare.ts";

const limit = z.int().min(1).max(1000).default(20).meta({ description: "how many, newest first" });

export const eventList = declareOperation({
  name: "event list",
  summary: "the newest events of the journal",
  examples: ["event list", "event list --tag _lk.archive.* --limit 50"],
  parameters: z.object({
    tag: z
      .string()
      .optional()
      .meta({ description: "tag, * and ? stand for anything", complete: "tag" }),
    limit,
  }),
  role: "reader",
  kind: "answer",
  async run({ registry }, { tag, limit: count }) {
    const where = tag === undefined ? {} : { tag: { [Op.like]: likeOfGlob(tag) } };
    const events = await Event.findAll({ where, order: [["id", "DESC"]], limit: count });
    const numbers = await sequencesOf(events.map((event) => event.id));
    return {
      messages: [eventTable(events, numbers, (event) => headline(registry.events, event))],
      data: events.map((event) => ({
        sequence: numbers.get(event.id) ?? null,
        uuid: event.uuid,
        tag: event.tag,
        time: event.time,
        receivedAt: event.receivedAt,
        signer: event.signer,
        origin: event.origin,
        data: event.data,
      })),
    };
  },
});

function eventTable(
  events: Event[],
  numbers: ReadonlyMap<string, number>,
  describe: (event: Event) => string,
): Message {
  if (events.length === 0) return { tone: "neutral", headline: ["The journal has no such event."] };
  const rows = events.map((event) => [
    String(numbers.get(event.id) ?? ""),
    event.time.toISOString(),
    event.tag,
    event.signer ?? "",
    describe(event),
  ]);
  const columns = ["number", "time", "tag", "signer", "what"];
  return { tone: "neutral", headline: ["Newest events:"], table: { columns, rows } };
}

function headline(catalogue: Parameters<typeof understand>[0], event: Event): string {
  const message = understand(catalogue, event.tag, event.data).render({ web: undefined });
  return message === null ? "" : plainLine(message.headline);
}

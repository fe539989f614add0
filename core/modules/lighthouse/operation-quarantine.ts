import { z } from "zod";
import { database, inTransaction } from "../../database/connect.ts";
import { admitFrame } from "../../events/admission.ts";
import { storeEvents } from "../../events/journal.ts";
import { admissionRules, openKeyring } from "../../events/setup.ts";
import { OperatorError } from "../../errors.ts";
import type { Message } from "../../message.ts";
import { EventQuarantine } from "../../model/event.ts";
import { declareOperation } from "../../operation/declare.ts";

const number = z.int().min(1);
const frameNumber = { description: "number of a frame", positional: true };

export const eventQuarantine = declareOperation({
  name: "event quarantine",
  summary: "what was refused on the bus lately, and why",
  description:
    "With a number: that frame as it came. The newest ten thousand are kept; all are counted in the metrics.",
  examples: ["event quarantine", "event quarantine 12", "event quarantine --code not-allowed"],
  parameters: z.object({
    number: number.optional().meta(frameNumber),
    code: z
      .string()
      .optional()
      .meta({ description: "only those refused for this, such as wrong-signature" }),
    limit: z.int().min(1).max(1000).default(20).meta({ description: "how many, newest first" }),
  }),
  role: "operator",
  kind: "answer",
  async run(_context, { number: id, code, limit }) {
    if (id !== undefined) {
      const frame = await find(id);
      return { messages: [whole(frame)], data: frame.toJSON() };
    }
    const where = code === undefined ? {} : { code };
    const frames = await EventQuarantine.findAll({ where, order: [["id", "DESC"]], limit });
    return { messages: [list(frames)], data: frames.map((frame) => frame.toJSON()) };
  },
});

export const eventRelease = declareOperation({
  name: "event release",
  summary: "take a refused event in after all",
  description:
    "Decides once more, by the keys and rights of now; only its age is forgiven. For events that came before their signer was trusted or allowed.",
  examples: ["event release 12"],
  parameters: z.object({ number: number.meta(frameNumber) }),
  role: "admin",
  kind: "act",
  async run(context, { number: id }) {
    const frame = await find(id);
    const rules = admissionRules(context, openKeyring(context));
    const verdict = admitFrame(Buffer.from(frame.body), "replay", rules);
    if (!verdict.accepted) {
      throw new OperatorError(
        "EVENT_REFUSED",
        `The event is refused again: ${verdict.reason}.`,
        "Trust its key (lk key trust), or let its signer say it (lk key allow).",
      );
    }
    const { event } = verdict;
    const stored = await inTransaction(async () => {
      const numbers = await storeEvents([event], "submitted");
      await frame.destroy();
      return numbers.size > 0;
    });
    const headline = stored ? "The event is in the journal: " : "The journal had it already: ";
    return {
      messages: [{ tone: "good", headline: [headline, { code: event.uuid }] }],
      data: { uuid: event.uuid, tag: event.tag, stored },
    };
  },
});

export const eventDiscard = declareOperation({
  name: "event discard",
  summary: "forget all refused frames",
  description: "The counts stay.",
  examples: ["event discard"],
  parameters: z.object({}),
  role: "admin",
  kind: "act",
  async run() {
    const gone = await database().query<{ id: string }>(
      "delete from event_quarantine returning id",
    );
    return {
      messages: [{ tone: "good", headline: [`Forgot ${gone.length} refused frames.`] }],
      data: { forgotten: gone.length },
    };
  },
});

function list(frames: EventQuarantine[]): Message {
  if (frames.length === 0) return { tone: "good", headline: ["Nothing was refused."] };
  const rows = frames.map((frame) => [
    frame.id,
    frame.receivedAt.toISOString(),
    frame.source,
    frame.signer ?? "",
    frame.tag ?? "",
    frame.code,
    frame.reason,
  ]);
  const columns = ["number", "received", "at", "claims to be from", "tag", "code", "reason"];
  return { tone: "attention", headline: ["Refused lately:"], table: { columns, rows } };
}

function whole(frame: EventQuarantine): Message {
  return {
    tone: "attention",
    headline: [`Refused: ${frame.reason}`],
    details: [
      ["Received ", frame.receivedAt.toISOString(), " at ", { code: frame.source }],
      ["Claims to be from ", frame.signer ?? "nobody", ", tag ", frame.tag ?? "none"],
    ],
    quote: frame.body,
  };
}

async function find(id: number): Promise<EventQuarantine> {
  const frame = await EventQuarantine.findByPk(String(id));
  if (frame !== null) return frame;
  throw new OperatorError(
    "FRAME_UNKNOWN",
    `No refused frame has the number ${id}.`,
    "See those that are kept: event quarantine",
  );
}

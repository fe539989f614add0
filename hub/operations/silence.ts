import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { addSilence, endSilence, listSilences, type Silence } from "../routing/silence.ts";

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const Moment = z.iso.datetime({ offset: true });

export const silenceAdd = declareOperation({
  name: "silence add",
  summary: "tell nobody what an expression says, for a while",
  description:
    "Events are kept and can be found; they are not told. destination in the expression is who " +
    "would be told, so that one room alone can be silenced. Answers to uploads are always sent.",
  examples: [
    "silence add 'package = perl or suite = experimental' --for 6h --comment rebuild",
    "silence add 'module = jobs and destination ~ matrix:*' --until 2030-01-01T18:00:00Z --comment move",
  ],
  parameters: z.object({
    matcher: z
      .string()
      .trim()
      .min(1)
      .max(2_000)
      .meta({ description: "what is not told: an expression", positional: true }),
    for: z
      .string()
      .regex(/^\d{1,4}[mhdw]$/, 'written as "30m", "6h", "2d" or "1w"')
      .optional()
      .meta({ description: "how long: 30m, 6h, 2d" }),
    until: Moment.optional().meta({ description: "until when: 2030-01-01T18:00:00Z" }),
    from: Moment.optional().meta({ description: "since when; now" }),
    comment: z.string().trim().min(1).max(500).meta({ description: "why" }),
  }),
  role: "operator",
  kind: "act",
  async run({ caller }, { matcher, for: duration, until, from, comment }) {
    const startsAt = from === undefined ? new Date() : new Date(from);
    const endsAt = endOf(startsAt, duration, until);
    const silence = await addSilence({ matcher, startsAt, endsAt, owner: caller.name, comment });
    const headline = [{ strong: `Silence ${silence.id}` }, ": ", { code: matcher }];
    return {
      messages: [
        {
          tone: "good",
          headline,
          details: [[`${moment(startsAt)} to ${moment(endsAt)}`]],
          next: [{ code: `silence end ${silence.id}` }, " ends it"],
        },
      ],
      data: silence,
    };
  },
});

export const silenceList = declareOperation({
  name: "silence list",
  summary: "what is silenced, by whom and until when",
  examples: ["silence list", "silence list --ended"],
  parameters: z.object({
    ended: z.boolean().default(false).meta({ description: "also those that are over" }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { ended }) {
    const silences = await listSilences(ended);
    return { messages: [listMessage(silences)], data: silences };
  },
});

export const silenceEnd = declareOperation({
  name: "silence end",
  summary: "end a silence now",
  examples: ["silence end 4"],
  parameters: z.object({
    silence: z
      .union([z.int().positive(), z.string().regex(/^\d{1,18}$/, "a number as in silence list")])
      .meta({ description: "its number in silence list", positional: true }),
  }),
  role: "operator",
  kind: "act",
  async run(_context, { silence: number }) {
    const ended = await endSilence(String(number));
    if (ended === undefined) {
      throw new OperatorError(
        "NO_SILENCE",
        `There is no silence ${number} that lasts.`,
        "Type silence list for those there are.",
      );
    }
    const headline = [`Silence ${ended.id} is over: `, { code: ended.matcher }];
    return { messages: [{ tone: "neutral", headline }], data: ended };
  },
});

function endOf(start: Date, duration: string | undefined, until: string | undefined): Date {
  if ((duration === undefined) === (until === undefined)) {
    throw wrongTime("Say how long, either way: --for or --until.");
  }
  const length = Number.parseInt(duration ?? "0", 10) * (UNITS[duration?.slice(-1) ?? ""] ?? 0);
  const end = until === undefined ? new Date(start.getTime() + length) : new Date(until);
  if (end <= start || end <= new Date()) throw wrongTime("It would be over already.");
  return end;
}

function wrongTime(sentence: string): OperatorError {
  return new OperatorError("BAD_ARGUMENTS", sentence, "For example: --for 6h", { exitStatus: 2 });
}

function listMessage(silences: Silence[]): Message {
  if (silences.length === 0) return { tone: "good", headline: ["Nothing is silenced"] };
  const rows = silences.map((one) => [
    one.id,
    one.matcher,
    moment(one.startsAt),
    moment(one.endsAt),
    one.owner,
    one.comment,
  ]);
  const columns = ["silence", "what", "from", "until", "by", "why"];
  return { tone: "neutral", headline: ["Silenced:"], table: { columns, rows } };
}

function moment(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

import { z } from "zod";
import { database } from "../../core/database/connect.ts";
import { OperatorError } from "../../core/errors.ts";
import type { Inline, Message } from "../../core/message.ts";
import { mayRun } from "../../core/operation/ask.ts";
import { type Caller, declareOperation } from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import { canonicalDestination } from "../destination.ts";
import { UUID } from "./event-argument.ts";

/** What became of one event for one destination, as it was written down then. */
interface Told {
  event: string;
  tag: string;
  destination: string;
  state: "told" | "held" | "collapsed" | "suppressed" | "silent";
  reasons: string[];
  note: string | null;
  decidedAt: Date;
  bundle: string | null;
  dueAt: Date | null;
  delivery: string | null;
  deliveryId: string | null;
  deliveryState: string | null;
  attempts: number | null;
  finishedAt: Date | null;
  nextAttemptAt: Date | null;
}

interface FailedAttempt {
  deliveryId: string;
  beganAt: Date;
  reason: string;
}

const SHOWN = 20;
const WORDS: Record<Told["state"], string> = {
  told: "told",
  held: "held for later",
  collapsed: "left out, for a later event undid it",
  suppressed: "kept back",
  silent: "nothing to say",
};

/** "Why did I get this", and "why not": from what was decided then, not from the rules of today. */
export const explain = declareOperation({
  name: "explain",
  summary: "why something was told, or not: each reason, delay and attempt",
  description:
    "From what was written down when it happened. What the rules of today would do: route test.",
  examples: ["explain 5c8f5d4e-1dd2-11b2-8080-808080808080", "explain #17"],
  parameters: z.object({
    what: z
      .string()
      .trim()
      .regex(/^(#?\d{1,18}|[0-9a-fA-F-]{36})$/, "the uuid of an event, or the number of a message")
      .meta({
        description: "uuid of an event, or number of a message in delivery list",
        positional: true,
      }),
    to: z.string().optional().meta({ description: "only this destination" }),
  }),
  role: "reader",
  kind: "answer",
  async run({ caller }, { what, to }) {
    const destination = whose(caller, to);
    const column = UUID.test(what) ? "event.uuid::text" : "delivery.number::text";
    const name = what.replace("#", "").toLowerCase();
    const told = await database().query<Told>(
      `select event.uuid as event, notice.tag, notice.destination, notice.state, reasons, note,
              decided_at as "decidedAt", bundle.kind as bundle, bundle.due_at as "dueAt",
              delivery.number as delivery, delivery.id as "deliveryId",
              delivery.state as "deliveryState", attempts, finished_at as "finishedAt",
              next_attempt_at as "nextAttemptAt"
         from notice join event on event.id = notice.event_id
         left join bundle on bundle.id = bundle_id
         left join delivery on delivery.id = notice.delivery_id
        where ${column} = $1 and ($2::text is null or notice.destination = $2)
        order by notice.event_id, notice.destination`,
      [name, destination ?? null],
    );
    if (told.length === 0) throw await nothing(what, destination);
    const failed = await failedAttempts(told);
    const more = told.length - SHOWN;
    const messages = told.slice(0, SHOWN).map((one) => explained(one, failed));
    if (more > 0) messages.push({ tone: "neutral", headline: [`and ${more} more`] });
    return { messages, data: { told, failed } };
  },
});

/** Other people's addresses are for operators; in a room it is about this room. */
function whose(caller: Caller, to: string | undefined): string | undefined {
  if (mayRun(caller.role, "operator")) {
    return to === undefined ? undefined : canonicalDestination(to, channelKinds);
  }
  if (caller.room !== undefined && (to === undefined || to === caller.room)) return caller.room;
  throw new OperatorError(
    "FORBIDDEN",
    `What others were told is for operators; ${caller.name} has ${caller.role}.`,
    "In a room it is about that room.",
  );
}

async function nothing(what: string, destination: string | undefined): Promise<OperatorError> {
  const waiting = await database().query(
    "select from event_to_route join event on event.id = event_id where uuid::text = $1",
    [what.toLowerCase()],
  );
  const sentence =
    waiting.length > 0
      ? `Event ${what} has not been routed yet.`
      : `Nothing is known of ${what}${destination === undefined ? "" : ` for ${destination}`}.`;
  return new OperatorError("NOT_TOLD", sentence, "Why no rule asks for it: route test EVENT");
}

function failedAttempts(told: readonly Told[]): Promise<FailedAttempt[]> {
  return database().query<FailedAttempt>(
    `select delivery_id as "deliveryId", began_at as "beganAt", reason from delivery_attempt
      where delivery_id = any($1) order by began_at limit 200`,
    [[...new Set(told.flatMap(({ deliveryId }) => deliveryId ?? []))]],
  );
}

function explained(told: Told, failed: readonly FailedAttempt[]): Message {
  const details: Inline[][] = told.reasons.map((reason) => ["because of ", { strong: reason }]);
  if (told.note !== null) details.push([told.note]);
  if (told.bundle !== null) {
    const due = told.dueAt === null ? "" : `, due ${moment(told.dueAt)}`;
    details.push([`paced in a bundle of the kind ${told.bundle}${due}`]);
  }
  details.push(...attempts(told, failed));
  return {
    tone: told.state === "told" ? "good" : "neutral",
    headline: [
      { code: told.destination },
      `: ${WORDS[told.state]}, decided ${moment(told.decidedAt)}, `,
      { code: told.tag },
    ],
    details,
  };
}

function attempts(told: Told, failed: readonly FailedAttempt[]): Inline[][] {
  if (told.delivery === null) return [];
  const mine = failed.filter(({ deliveryId }) => deliveryId === told.deliveryId);
  const tries = `${told.attempts} ${told.attempts === 1 ? "attempt" : "attempts"}`;
  const end =
    told.finishedAt !== null
      ? ` ${moment(told.finishedAt)}`
      : told.nextAttemptAt === null
        ? ""
        : `, next attempt ${moment(told.nextAttemptAt)}`;
  return [
    [`message #${told.delivery}: ${told.deliveryState} after ${tries}${end}`],
    ...mine.slice(-5).map(({ beganAt, reason }) => [`${moment(beganAt)} failed: ${reason}`]),
  ];
}

function moment(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

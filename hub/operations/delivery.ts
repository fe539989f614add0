import { z } from "zod";
import { database } from "../../core/database/connect.ts";
import { OperatorError } from "../../core/errors.ts";
import { plainLine, type Message } from "../../core/message.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { stoppedChannels } from "../delivery/channel-stop.ts";
import type { DeliveryState } from "../model/delivery.ts";
import { deliveryBooks } from "../delivery/outbox.ts";
import { requeueDeliveries } from "../delivery/requeue.ts";

interface Row {
  number: string;
  state: DeliveryState;
  destination: string;
  message: Message;
  reason: string;
  attempts: number;
  next_attempt_at: Date;
  last_error: string | null;
  created_at: Date;
}

const Destination = z.string().min(1).max(300).optional();

export const deliveryList = declareOperation({
  name: "delivery list",
  summary: "messages that wait or could not be delivered",
  examples: ["delivery list", "delivery list --state dead --destination email:*"],
  parameters: z.object({
    state: z
      .enum(["open", "pending", "sent", "dead", "cancelled"])
      .default("open")
      .meta({ description: "open: those that wait and those given up" }),
    destination: Destination.meta({ description: "only these destinations (* for anything)" }),
    limit: z.coerce.number().int().min(1).max(500).default(50).meta({ description: "how many" }),
  }),
  role: "operator",
  kind: "answer",
  async run(_context, { state, destination, limit }) {
    const states = state === "open" ? ["pending", "dead"] : [state];
    const rows = await database().query<Row>(
      `select number, state, destination, message, reason, attempts, next_attempt_at, last_error,
              created_at
         from delivery where state = any($1) and ($2::text is null or destination like $2)
        order by number desc limit $3`,
      [states, destination === undefined ? null : likePattern(destination), limit],
    );
    const stops = await stoppedChannels();
    const books = await deliveryBooks();
    const data = { books, stopped: stops, deliveries: rows };
    return { messages: [...stops.map(stopMessage), listMessage(rows, books)], data };
  },
});

function listMessage(rows: Row[], books: Awaited<ReturnType<typeof deliveryBooks>>): Message {
  const headline = [
    `${books.pending} pending, ${books.dead} dead, ${books.sent} sent, ${books.cancelled} cancelled`,
  ];
  if (rows.length === 0) return { tone: "good", headline };
  return {
    tone: books.dead > 0 ? "attention" : "neutral",
    headline,
    table: {
      columns: ["number", "state", "destination", "tries", "what", "last error"],
      rows: rows.map((row) => [
        row.number,
        row.state,
        row.destination,
        String(row.attempts),
        plainLine(row.message.headline).slice(0, 60),
        row.last_error ?? "",
      ]),
    },
    ...(books.dead > 0 ? { next: ["To send the dead again: delivery requeue --all"] } : {}),
  };
}

function stopMessage(stop: { channel: string; reason: string; retry_at: Date }): Message {
  return {
    tone: "bad",
    headline: ["The channel ", { strong: stop.channel }, " is stopped"],
    details: [[stop.reason], [`tried again at ${stop.retry_at.toISOString()}`]],
    next: [`When it is mended: delivery requeue --channel ${stop.channel}`],
  };
}

export const deliveryRequeue = declareOperation({
  name: "delivery requeue",
  summary: "send messages again that were given up",
  description:
    "They go to the end of their destination's line, and a stopped channel starts again.",
  examples: ["delivery requeue 17", "delivery requeue --all", "delivery requeue --channel email"],
  parameters: z.object({
    numbers: z
      .array(z.string().regex(/^#?\d{1,18}$/, "a number as in delivery list"))
      .default([])
      .meta({ description: "numbers in delivery list", positional: true }),
    destination: Destination.meta({ description: "all dead of these destinations" }),
    channel: z
      .string()
      .regex(/^[a-z]+$/)
      .optional()
      .meta({ description: "all dead of a channel, and start it again if it is stopped" }),
    all: z.boolean().default(false).meta({ description: "all that are dead" }),
  }),
  role: "operator",
  kind: "act",
  async run(_context, { numbers, destination, channel, all }) {
    if (numbers.length === 0 && destination === undefined && channel === undefined && !all) {
      throw new OperatorError(
        "BAD_ARGUMENTS",
        "Say which: numbers, --destination, --channel or --all.",
        "Type delivery list for what is dead.",
        { exitStatus: 2 },
      );
    }
    const requeued = await requeueDeliveries({
      numbers: numbers.map((number) => number.replace("#", "")),
      ...(destination === undefined ? {} : { destinationLike: likePattern(destination) }),
      ...(channel === undefined ? {} : { channel }),
      all,
    });
    const what = requeued === 1 ? "delivery waits" : "deliveries wait";
    return {
      messages: [
        {
          tone: requeued > 0 ? "good" : "attention",
          headline: [requeued > 0 ? `${requeued} ${what} again` : "None of that was dead"],
        },
      ],
      data: { requeued },
    };
  },
});

/** `*` and `?` for SQL's like; all else is what it is. */
function likePattern(glob: string): string {
  return glob
    .replace(/[\\%_]/g, "\\$&")
    .replaceAll("*", "%")
    .replaceAll("?", "_");
}

import { z } from "zod";
import { OperatorError } from "../errors.ts";

/**
 * The replay protocol, over a DEALER or REQ socket to Lighthouse's ROUTER with CURVE. One request
 * at a time, a JSON object in one frame; the answer comes in a first frame of JSON and one more
 * for each event, in the form in which it was published:
 *
 *     {"from": 17, "tag": "_lk.archive.*", "limit": 100}
 *     {"lighthouse": UUID, "newest": 950, "oldest": 1, "next": 412}  {"data": …}  {"data": …}  …
 *     {"error": "why not"}
 *
 * Who wants the rest asks again from `next`; null says that this was all. A REQ socket's empty
 * first frame is given back.
 */
export const ReplayRequest = z.strictObject({
  /** Given back with the answer. */
  id: z.string().max(64).optional(),
  /** The first and the last number. */
  from: z.int().min(1).optional(),
  to: z.int().min(1).optional(),
  uuid: z.uuid().optional(),
  /** When Lighthouse took the events in. */
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  /** A glob of * and ?; more stars could keep the database busy for long. */
  tag: z
    .string()
    .min(1)
    .max(200)
    .refine((glob) => glob.split("*").length <= 4, { message: "at most three *" })
    .optional(),
  /** 0 asks for the state alone. */
  limit: z.int().min(0).max(500).default(500),
});
export type ReplayRequest = z.input<typeof ReplayRequest>;

/** The first frame of an answer. */
export const ReplayState = z.object({
  id: z.string().optional(),
  lighthouse: z.uuid(),
  /** The last number that was given; 0 before the first. */
  newest: z.int().min(0),
  /** The first number that is still kept; one more than `newest` when nothing is. */
  oldest: z.int().min(1),
  /** Where the rest begins. */
  next: z.int().min(1).nullable(),
});
export type ReplayState = z.output<typeof ReplayState>;

/** An answer: some events in order, and what there is beyond them. */
export interface ReplayPage extends ReplayState {
  events: Buffer[];
}

const Refusal = z.object({ id: z.string().optional(), error: z.string() });

/**
 * Reads an answer.
 *
 * @returns undefined when it answers another request
 * @throws OperatorError `REPLAY_REFUSED`, or `REPLAY_ANSWER` for what is no answer
 */
export function readReplay(frames: Buffer[], id: string): ReplayPage | undefined {
  const [head, ...events] = frames;
  let given: unknown;
  try {
    given = JSON.parse(head?.toString() ?? "");
  } catch {
    given = undefined;
  }
  const refusal = Refusal.safeParse(given);
  if (refusal.success) {
    if (refusal.data.id !== id) return undefined;
    throw new OperatorError(
      "REPLAY_REFUSED",
      `Lighthouse did not replay: ${refusal.data.error}.`,
      "Ask for something else, or later.",
    );
  }
  const state = ReplayState.safeParse(given);
  if (state.success) return state.data.id === id ? { ...state.data, events } : undefined;
  throw new OperatorError(
    "REPLAY_ANSWER",
    "What answers at the replay endpoint is no Lighthouse of ours.",
    "Check the port: lighthouse.replay of the other machine.",
  );
}

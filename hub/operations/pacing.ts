import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import {
  type Answer,
  declareOperation,
  type OperationContext,
} from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import type { Budget } from "../pacing/bucket.ts";
import { isZone, TIME_OF_DAY } from "../pacing/hours.ts";
import { describePreference } from "../pacing/describe.ts";
import { preferenceFor } from "../pacing/preference.ts";
import { type PreferenceChange, setPreference } from "../pacing/set-preference.ts";
import { destinationFor, to } from "./whose.ts";

const words = z.array(z.string().max(40)).max(24).default([]);
const zone = z
  .string()
  .refine(isZone, "a time zone such as Europe/Berlin")
  .optional()
  .meta({ description: "time zone of all times of this room, such as Europe/Berlin" });

/** Everything in one message, at times of day or when so much has gathered. */
export const digest = declareOperation({
  name: "digest",
  summary: "hear everything in one message, at times of day or by number",
  description: "Without arguments: how this room is told. Answers to uploads come at once anyway.",
  examples: [
    "digest 08:00 18:00",
    "digest 08:00 --zone Europe/Berlin",
    "digest --after 50",
    "digest off",
  ],
  parameters: z.object({
    times: words.meta({ description: "times of day, or off", positional: true }),
    after: z.coerce
      .number()
      .int()
      .min(2)
      .max(10_000)
      .optional()
      .meta({ description: "as soon as so many have gathered" }),
    zone,
    to,
  }),
  role: "reader",
  kind: "act",
  run: (context, { times, after, zone: named, to: other }) =>
    change(context, other, named, digestOf(times, after)),
});

/** From when to when nothing is told; it is told when that ends. */
export const quiet = declareOperation({
  name: "quiet",
  summary: "hear nothing in the night: what happens then is told in one message when it ends",
  description: "Without arguments: how this room is told. Answers to uploads come at once anyway.",
  examples: ["quiet 22:00-07:00", "quiet 22:00-07:00 --zone Europe/Berlin", "quiet off"],
  parameters: z.object({
    hours: words.meta({ description: "FROM-TO, 24 hours, or off", positional: true }),
    zone,
    to,
  }),
  role: "reader",
  kind: "act",
  run: (context, { hours, zone: named, to: other }) =>
    change(context, other, named, quietOf(hours.join(" "))),
});

/** How many messages there may be; the rest is a summary. */
export const budget = declareOperation({
  name: "budget",
  summary: "how many messages this room takes before they become one summary",
  description:
    "So many at once, and as many more in so many minutes. none: every event by itself, however " +
    "many. default: as if nothing was said. Without arguments: how this room is told.",
  examples: ["budget 5 --minutes 5", "budget none", "budget default"],
  parameters: z.object({
    messages: z
      .string()
      .regex(/^([1-9]\d{0,3}|none|default)$/, "a number from 1, none, or default")
      .optional()
      .meta({ description: "a number, none, or default", positional: true }),
    minutes: z.coerce
      .number()
      .int()
      .min(1)
      .max(1_440)
      .default(5)
      .meta({ description: "in which a spent budget is whole again" }),
    to,
  }),
  role: "reader",
  kind: "act",
  run: (context, { messages, minutes, to: other }) =>
    change(context, other, undefined, budgetOf(messages, minutes)),
});

async function change(
  { caller }: OperationContext,
  named: string | undefined,
  zoneName: string | undefined,
  wanted: PreferenceChange,
): Promise<Answer> {
  const destination = destinationFor(caller, named);
  const now = new Date();
  const asked = { ...wanted, ...(zoneName === undefined ? {} : { zone: zoneName }) };
  if (Object.keys(asked).length > 0) {
    await setPreference(destination, asked, { by: caller.name, kinds: channelKinds, now });
  }
  const preference = await preferenceFor(destination, channelKinds);
  const message: Message =
    preference === undefined
      ? { tone: "neutral", headline: [{ code: destination }, " is a program: it gets every event"] }
      : describePreference(destination, preference);
  return { messages: [message], data: { destination, preference: preference ?? null } };
}

function digestOf(times: string[], after: number | undefined): PreferenceChange {
  if (times.length === 1 && times[0] === "off") return { digest: null };
  const wrong = times.find((time) => !TIME_OF_DAY.test(time));
  if (wrong !== undefined) throw badTime(wrong, "digest 08:00 18:00");
  if (times.length === 0 && after === undefined) return {};
  return { digest: { at: [...new Set(times)].toSorted(), after } };
}

function quietOf(hours: string): PreferenceChange {
  if (hours === "") return {};
  if (hours === "off") return { quiet: null };
  const [from = "", until = "", ...more] = hours.split(/\s*[-–]\s*|\s+/);
  const isSpan = TIME_OF_DAY.test(from) && TIME_OF_DAY.test(until) && from !== until;
  if (!isSpan || more.length > 0) throw badTime(hours, "quiet 22:00-07:00");
  return { quiet: { from, to: until } };
}

function budgetOf(messages: string | undefined, minutes: number): PreferenceChange {
  if (messages === undefined) return {};
  if (messages === "none") return { budget: "none" };
  if (messages === "default") return { budget: null };
  const given: Budget = { messages: Number(messages), seconds: minutes * 60 };
  return { budget: given };
}

function badTime(text: string, example: string): OperatorError {
  return new OperatorError(
    "BAD_ARGUMENTS",
    `${JSON.stringify(text)} is no time that this takes.`,
    `Times are of 24 hours, from 00:00 to 23:59: ${example}`,
    { exitStatus: 2 },
  );
}

import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import { configuredRules } from "../routing/rules.ts";
import { listSubscriptions, subscribe, unsubscribe } from "../routing/subscription/store.ts";
import {
  describeWanted,
  type Subscription,
  type Wanted,
} from "../routing/subscription/subscription.ts";
import { packageWords, saidBy, wantedFlags } from "./wanted.ts";
import { destinationFor, mayEnd, plainInlines, to, wantedLine } from "./whose.ts";

/** Makes the room hear of something; without arguments says what it hears of. */
export const follow = declareOperation({
  name: "follow",
  summary: "hear of packages, suites or kinds of events in this room",
  description:
    "Makes this room hear of what is named; all that is named must match. Without arguments: what " +
    "this room follows.",
  examples: [
    "follow bash",
    "follow linux-* --suite sid",
    "follow --team kernel --keyword build",
    "follow --if 'suite = sid and version >> 2.0'",
  ],
  parameters: z.object({ packages: packageWords, ...wantedFlags, to }),
  role: "reader",
  kind: "act",
  async run({ caller, registry, settings }, parameters) {
    const destination = destinationFor(caller, parameters.to);
    const { wanted, keywords, nothing } = await saidBy(parameters, registry);
    if (nothing) return answer([await describeFollowed(destination)], destination);
    const by = { owner: caller.name, createdBy: caller.name };
    const added = [];
    for (const one of wanted) {
      added.push(await subscribe({ ...one, destination, keywords, ...by }));
    }
    const hearsAll = configuredRules(settings.config, channelKinds).some(
      (rule) => rule.destination === destination,
    );
    const messages = added.map(({ subscription, isNew }): Message => ({
      tone: "good",
      headline: [
        { code: destination },
        isNew ? " now hears of " : " already hears of ",
        ...describeWanted(subscription),
      ],
      ...(hearsAll ? { details: [["It hears everything meant for people anyway."]] } : {}),
    }));
    return { messages, data: added.map(({ subscription }) => subscription) };
  },
});

export const unfollow = declareOperation({
  name: "unfollow",
  summary: "no longer hear of packages, suites or kinds of events in this room",
  description:
    "A package by itself ends all that this room follows of it, whatever else was asked. Other " +
    "words must be those that were typed to follow.",
  examples: ["unfollow bash", "unfollow --tag debcheck.*", "unfollow --all"],
  parameters: z.object({
    packages: packageWords,
    ...wantedFlags,
    to,
    route: z
      .string()
      .regex(/^\d{1,18}$/, "a number as in follow")
      .optional()
      .meta({ description: "the one with this number" }),
    all: z.boolean().default(false).meta({ description: "all that this room follows" }),
  }),
  role: "reader",
  kind: "act",
  async run({ caller, registry }, parameters) {
    const destination = destinationFor(caller, parameters.to);
    const { wanted, nothing } = await saidBy(parameters, registry);
    if (nothing && !parameters.all && parameters.route === undefined) {
      return answer([await describeFollowed(destination)], destination);
    }
    const followed = (await listSubscriptions({ destination })).filter(
      (one) =>
        parameters.all || one.id === parameters.route || wanted.some((said) => isSaid(one, said)),
    );
    const mine = followed.filter((one) => mayEnd(caller, one));
    if (followed.length > 0 && mine.length === 0) throw notYours(followed);
    for (const { id } of mine) await unsubscribe({ id }, caller.name);
    const declined = await declineMaintained(destination, wanted, caller.name);
    if (mine.length === 0 && declined.length === 0)
      throw await notFollowed(destination, wanted, parameters.route);
    const messages = mine.map((one): Message => ({
      tone: "neutral",
      headline: [{ code: destination }, " no longer hears of ", ...describeWanted(one)],
    }));
    return { messages: [...messages, ...declined], data: mine };
  },
});

/** Mail about maintained packages comes without a subscription, and ends without one. */
async function declineMaintained(
  destination: string,
  wanted: Wanted[],
  by: string,
): Promise<Message[]> {
  if (!destination.startsWith("email:")) return [];
  const names = wanted.filter(({ kind }) => kind === "package").map(({ value }) => value);
  for (const value of names) await unsubscribe({ destination, kind: "package", value }, by);
  return names.map((name) => ({
    tone: "neutral",
    headline: [{ code: destination }, " does not hear of ", { strong: name }, " as its maintainer"],
  }));
}

/** True when a subscription is what was typed: a bare name means it with any condition. */
function isSaid(subscription: Subscription, said: Wanted): boolean {
  const { kind, value, condition } = subscription;
  const free = said.condition === "" && said.value !== "";
  return kind === said.kind && value === said.value && (free || condition === said.condition);
}

async function describeFollowed(destination: string): Promise<Message> {
  const followed = await listSubscriptions({ destination });
  if (followed.length === 0) {
    return {
      tone: "neutral",
      headline: [{ code: destination }, " follows nothing in particular"],
      next: ["For example: follow bash"],
    };
  }
  return {
    tone: "neutral",
    headline: [{ code: destination }, " follows:"],
    table: {
      columns: ["route", "what", "by"],
      rows: followed.map((one) => [one.id, wantedLine(one), one.owner]),
    },
    next: ["To end one: unfollow PACKAGE"],
  };
}

async function notFollowed(
  destination: string,
  wanted: Wanted[],
  route = "that",
): Promise<OperatorError> {
  const followed = await listSubscriptions({ destination });
  const what = wanted.map((one) => plainInlines(describeWanted(one))).join(" or ");
  return new OperatorError(
    "NOT_FOLLOWED",
    `${destination} does not follow ${what || route}.`,
    followed.length === 0
      ? "It follows nothing in particular."
      : `It follows: ${followed.slice(0, 20).map(wantedLine).join("; ")}`,
  );
}

function notYours(followed: Subscription[]): OperatorError {
  const owners = [...new Set(followed.map((one) => one.owner))].join(" and ");
  return new OperatorError(
    "FORBIDDEN",
    `That was asked for by ${owners}.`,
    "They, or anybody with the role operator, can end it.",
  );
}

function answer(messages: Message[], destination: string): { messages: Message[]; data: unknown } {
  return { messages, data: { destination } };
}

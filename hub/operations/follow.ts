import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import { mayRun } from "../../core/operation/ask.ts";
import { type Caller, declareOperation } from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import { canonicalDestination } from "../destination.ts";
import type { Route } from "../model/route.ts";
import { addRoute, listRoutes } from "../routing/route-store.ts";
import { configuredRules } from "../routing/rules.ts";
import {
  type Criteria,
  criteriaFlags,
  criteriaOf,
  describeCriteria,
  namesNothing,
  packageWords,
} from "./criteria.ts";

const to = z.string().optional().meta({
  description: "another destination, such as email:person@example.org; for operators",
});

/** Makes the room hear of something; without arguments says what it hears of. */
export const follow = declareOperation({
  name: "follow",
  summary: "hear of packages, suites or kinds of events in this room",
  description:
    "Makes this room hear of what is named; all that is named must match. Without arguments: what " +
    "this room follows.",
  examples: ["follow bash", "follow linux-* --suite sid", "follow --tag debcheck.*"],
  parameters: z.object({ packages: packageWords, ...criteriaFlags, to }),
  role: "reader",
  kind: "act",
  async run({ caller, registry, settings }, parameters) {
    const destination = destinationFor(caller, parameters.to);
    const whole = criteriaOf(parameters, parameters.packages, registry);
    if (namesNothing(whole)) return answer([await describeFollowed(destination)], destination);
    const added = [];
    for (const criteria of oneEach(whole)) {
      const { name } = caller;
      added.push(await addRoute({ ...criteria, destination, owner: name, createdBy: name }));
    }
    const hearsAll = configuredRules(settings.config, channelKinds).some(
      (rule) => rule.destination === destination,
    );
    const messages = added.map(({ route, isNew }): Message => ({
      tone: "good",
      headline: [
        { code: destination },
        isNew ? " now hears of " : " already hears of ",
        ...describeCriteria(route),
      ],
      ...(hearsAll ? { details: [["It hears everything meant for people anyway."]] } : {}),
    }));
    return { messages, data: added.map(({ route }) => route.toJSON()) };
  },
});

export const unfollow = declareOperation({
  name: "unfollow",
  summary: "no longer hear of packages, suites or kinds of events in this room",
  examples: ["unfollow bash", "unfollow --tag debcheck.*", "unfollow --all"],
  parameters: z.object({
    packages: packageWords,
    ...criteriaFlags,
    to,
    all: z.boolean().default(false).meta({ description: "all that this room follows" }),
  }),
  role: "reader",
  kind: "act",
  async run({ caller, registry }, parameters) {
    const destination = destinationFor(caller, parameters.to);
    const whole = criteriaOf(parameters, parameters.packages, registry);
    if (namesNothing(whole) && !parameters.all) {
      return answer([await describeFollowed(destination)], destination);
    }
    const routes = (await listRoutes(destination)).filter(
      (route) => parameters.all || oneEach(whole).some((wanted) => isSaid(route, wanted)),
    );
    if (routes.length === 0) throw await notFollowed(destination, whole);
    const mine = routes.filter((route) => mayRemove(caller, route));
    if (mine.length === 0) throw notYours(routes);
    for (const route of mine) await route.destroy();
    const messages = mine.map((route): Message => ({
      tone: "neutral",
      headline: [{ code: destination }, " no longer hears of ", ...describeCriteria(route)],
    }));
    return { messages, data: mine.map((route) => route.toJSON()) };
  },
});

/** One rule for each package, so that each can be unfollowed by itself. */
function oneEach(criteria: Criteria): Criteria[] {
  if (criteria.packages.length < 2) return [criteria];
  return criteria.packages.map((name) => ({ ...criteria, packages: [name] }));
}

/** True when a rule is what was typed: the same packages, and the same of all else that was named. */
function isSaid(route: Route, wanted: Criteria): boolean {
  return (["tags", "repositories", "suites", "packages"] as const).every((field) => {
    const unnamed = wanted[field].length === 0 && field !== "packages";
    const free = unnamed && wanted.packages.length > 0;
    return free || route[field].join(" ") === wanted[field].join(" ");
  });
}

/** Where the caller is, or the destination that an operator names instead. */
function destinationFor(caller: Caller, named: string | undefined): string {
  if (named === undefined) {
    if (caller.room !== undefined) return caller.room;
    throw new OperatorError(
      "NO_ROOM",
      "You are in no room, so it is not clear who is to hear.",
      "Name a destination: --to email:person@example.org",
      { exitStatus: 2 },
    );
  }
  const destination = canonicalDestination(named, channelKinds);
  if (destination === caller.room || mayRun(caller.role, "operator")) return destination;
  throw new OperatorError(
    "FORBIDDEN",
    `--to needs the role operator; ${caller.name} has ${caller.role}.`,
    "Without --to it is about this room.",
  );
}

function mayRemove(caller: Caller, route: Route): boolean {
  return route.owner === caller.name || mayRun(caller.role, "operator");
}

async function describeFollowed(destination: string): Promise<Message> {
  const routes = (await listRoutes(destination)).filter((route) => route.enabled);
  if (routes.length === 0) {
    return {
      tone: "neutral",
      headline: [{ code: destination }, " follows nothing in particular"],
      next: ["For example: follow bash"],
    };
  }
  const rows = routes.map((route) => [
    route.id,
    describeCriteria(route).map(plain).join(""),
    route.owner,
  ]);
  return {
    tone: "neutral",
    headline: [{ code: destination }, " follows:"],
    table: { columns: ["route", "what", "by"], rows },
    next: ["To end one: unfollow PACKAGE"],
  };
}

function plain(inline: ReturnType<typeof describeCriteria>[number]): string {
  return typeof inline === "string" ? inline : (Object.values(inline)[0] ?? "");
}

async function notFollowed(destination: string, criteria: Criteria): Promise<OperatorError> {
  const what = describeCriteria(criteria).map(plain).join("");
  const all = (await listRoutes(destination)).map((route) =>
    describeCriteria(route).map(plain).join(""),
  );
  const hint =
    all.length === 0 ? "It follows nothing in particular." : `It follows: ${all.join("; ")}.`;
  return new OperatorError("NOT_FOLLOWED", `${destination} does not follow ${what}.`, hint);
}

function notYours(routes: Route[]): OperatorError {
  const owners = [...new Set(routes.map((route) => route.owner))].join(", ");
  return new OperatorError(
    "FORBIDDEN",
    `That was asked for by ${owners}.`,
    "They, or anybody with the role operator, can end it.",
  );
}

function answer(messages: Message[], destination: string): { messages: Message[]; data: unknown } {
  return { messages, data: { destination } };
}

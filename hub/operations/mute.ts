import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import { type Answer, type Caller, declareOperation } from "../../core/operation/declare.ts";
import { canonicalAddress } from "../channels/email/address.ts";
import { listSubscriptions, setMuted } from "../routing/subscription/store.ts";
import { changeSubscriber, subscriberOf } from "../routing/subscription/subscriber.ts";
import type { Subscription } from "../routing/subscription/subscription.ts";
import { destinationFor, to } from "./whose.ts";

const parameters = z.object({
  names: z.array(z.string().trim().min(1).max(254)).max(50).default([]).meta({
    description: "addresses of people; with --team packages, or none for all",
    positional: true,
  }),
  team: z.string().max(100).optional().meta({ description: "of this team only" }),
  own: z.boolean().default(false).meta({ description: "what the person who reads this did" }),
  to,
});
type Parameters = z.output<typeof parameters>;

export const mute = declareOperation({
  name: "mute",
  summary: "do not hear of what a person does, or of packages of a team",
  description: "Without arguments: what is muted here.",
  examples: ["mute robot@example.org", "mute linux-firmware --team kernel", "mute --own"],
  parameters,
  role: "reader",
  kind: "act",
  run: ({ caller }, typed) => change(caller, typed, true),
});

export const unmute = declareOperation({
  name: "unmute",
  summary: "hear again of what was muted",
  examples: ["unmute robot@example.org", "unmute --team kernel", "unmute --own"],
  parameters,
  role: "reader",
  kind: "act",
  run: ({ caller }, typed) => change(caller, typed, false),
});

async function change(caller: Caller, typed: Parameters, muted: boolean): Promise<Answer> {
  const destination = destinationFor(caller, typed.to);
  if (typed.own) await changeSubscriber(destination, { ownActions: !muted });
  if (typed.team !== undefined) await changeTeam(destination, typed.team, typed.names, muted);
  else if (typed.names.length > 0) await changePeople(destination, typed.names, muted);
  const { mutedPeople, ownActions } = await subscriberOf(destination);
  const teams = await listSubscriptions({ destination, kind: "team" });
  const data = {
    destination,
    people: mutedPeople,
    ownActions,
    teams: teams.map(({ value, muted: packages }) => ({ team: value, packages })),
  };
  return { messages: [shown(data)], data };
}

async function changePeople(destination: string, names: string[], muted: boolean): Promise<void> {
  const people = names.map((name) => {
    const address = canonicalAddress(name)?.toLowerCase();
    if (address !== undefined) return address;
    throw new OperatorError(
      "BAD_DESTINATION",
      `${JSON.stringify(name)} is not an address.`,
      "People are named by their addresses; packages of a team need --team.",
      { exitStatus: 2 },
    );
  });
  const { mutedPeople } = await subscriberOf(destination);
  await changeSubscriber(destination, { mutedPeople: changed(mutedPeople, people, muted) });
}

async function changeTeam(
  destination: string,
  team: string,
  names: string[],
  muted: boolean,
): Promise<void> {
  const memberships = await listSubscriptions({ destination, kind: "team", value: team });
  if (memberships.length === 0) {
    throw new OperatorError(
      "NOT_FOLLOWED",
      `${destination} does not follow team ${team}.`,
      `Follow it first: follow --team ${team}`,
    );
  }
  for (const one of memberships) await setMuted(one.id, after(one, names, muted));
}

/** Without names it is about all packages; hearing of all again forgets single ones too. */
function after({ muted: before }: Subscription, names: string[], muted: boolean): string[] {
  if (names.length > 0) return changed(before, names, muted);
  return muted ? ["*"] : [];
}

function changed(before: string[], names: string[], added: boolean): string[] {
  const others = before.filter((one) => !names.includes(one));
  return added ? [...others, ...new Set(names)] : others;
}

function shown(data: {
  destination: string;
  people: string[];
  ownActions: boolean;
  teams: { team: string; packages: string[] }[];
}): Message {
  const details = [
    ...data.people.map((person) => `what ${person} does`),
    ...(data.ownActions ? [] : ["its own actions"]),
    ...data.teams
      .filter(({ packages }) => packages.length > 0)
      .map(({ team, packages }) =>
        packages.includes("*") ? `team ${team}` : `${packages.join(" ")} of team ${team}`,
      ),
  ];
  const headline = [
    { code: data.destination },
    details.length === 0 ? " mutes nothing" : " does not hear of:",
  ];
  return { tone: "neutral", headline, details: details.map((line) => [line]) };
}

import { z } from "zod";
import type { Message } from "../../core/message.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { listSubscriptions } from "../routing/subscription/store.ts";
import { findTeam, listTeams, removeTeam, saveTeam, type Team } from "../routing/team.ts";
import { noTeam } from "./wanted.ts";

const Slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.+-]{0,99}$/, "a short name in small letters, such as kernel");
const Names = z.array(z.string().trim().min(1).max(254)).max(2_000).default([]);
const slug = Slug.meta({ description: "its short name", positional: true });

export const teamList = declareOperation({
  name: "team list",
  summary: "teams, their packages and how many follow them",
  examples: ["team list", "team list kernel"],
  parameters: z.object({
    team: Slug.optional().meta({ description: "one team", positional: true }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { team: name }) {
    const teams = (await listTeams()).filter((team) => name === undefined || team.slug === name);
    if (name !== undefined && teams.length === 0) throw noTeam(name);
    const members = await listSubscriptions({ kind: "team" });
    const count = (team: Team): number => members.filter(({ value }) => value === team.slug).length;
    const rows = teams.map((team) => [
      team.slug,
      team.name,
      String(count(team)),
      [...team.packages, ...team.addresses].slice(0, 20).join(" "),
    ]);
    const message: Message =
      teams.length === 0
        ? { tone: "neutral", headline: ["There is no team"], next: [{ code: "team set NAME" }] }
        : {
            tone: "neutral",
            headline: [`${teams.length} ${teams.length === 1 ? "team" : "teams"}`],
            table: { columns: ["team", "name", "followers", "cares for"], rows },
            next: [{ code: "follow --team NAME" }, " to hear of its packages"],
          };
    return {
      messages: [message],
      data: teams.map((team) => ({ ...team, followers: count(team) })),
    };
  },
});

export const teamSet = declareOperation({
  name: "team set",
  summary: "make a team, or change what it cares for",
  description: "Who wants to hear of its packages types follow --team NAME.",
  examples: [
    "team set kernel linux linux-signed-amd64 --name 'Kernel team'",
    "team set perl --address perl-team@example.org",
    "team set kernel --without linux-signed-amd64",
  ],
  parameters: z.object({
    team: slug,
    packages: Names.meta({ description: "packages to add", positional: true, complete: "package" }),
    address: Names.meta({
      description: "addresses to add: packages with one as Maintainer or Uploader are the team's",
    }),
    without: Names.meta({ description: "packages and addresses to take away" }),
    name: z.string().trim().max(200).optional().meta({ description: "its name for people" }),
  }),
  role: "operator",
  kind: "act",
  async run({ caller }, { team: wanted, packages, address, without, name }) {
    const before = await findTeam(wanted);
    const gone = new Set(without.map((one) => one.toLowerCase()));
    const merge = (old: string[] = [], added: string[]): string[] =>
      [...new Set([...old, ...added])].filter((one) => !gone.has(one.toLowerCase())).toSorted();
    const team: Team = {
      slug: wanted,
      name: name ?? before?.name ?? wanted,
      packages: merge(before?.packages, packages),
      addresses: merge(
        before?.addresses,
        address.map((one) => one.toLowerCase()),
      ),
      createdBy: before?.createdBy ?? caller.name,
    };
    await saveTeam(team);
    const cares = [...team.packages, ...team.addresses].slice(0, 20).join(" ") || "nothing yet";
    return {
      messages: [
        {
          tone: "good",
          headline: ["Team ", { strong: team.slug }, ` cares for ${cares}`],
          next: [{ code: `follow --team ${team.slug}` }, " to hear of it"],
        },
      ],
      data: team,
    };
  },
});

export const teamRemove = declareOperation({
  name: "team remove",
  summary: "remove a team; its followers hear of its packages no more",
  examples: ["team remove kernel"],
  parameters: z.object({ team: slug }),
  role: "operator",
  kind: "act",
  async run(_context, { team: name }) {
    const team = await findTeam(name);
    if (team === undefined) throw noTeam(name);
    await removeTeam(name);
    return {
      messages: [{ tone: "neutral", headline: ["Team ", { strong: name }, " is gone"] }],
      data: team,
    };
  },
});

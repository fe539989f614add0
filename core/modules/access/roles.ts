import { z } from "zod";
import { database } from "../../database/connect.ts";
import { OperatorError } from "../../errors.ts";
import type { Inline, Message } from "../../message.ts";
import { RoleGrant } from "../../model/access.ts";
import {
  type Answer,
  declareOperation,
  type OperationContext,
  type Role,
  ROLES,
} from "../../operation/declare.ts";
import { Place, Principal } from "./principal.ts";

const parameters = z.object({
  role: z.enum(ROLES).meta({ description: "reader, operator or admin", positional: true }),
  who: Principal.meta({ description: "@user:server, *:server or local:NAME", positional: true }),
  room: Place.default("*").meta({
    description: "only in this room (a room id, a glob such as matrix:*, or here)",
  }),
});

/** What one row of the table says. */
interface Line {
  role: Role;
  principal: string;
  room: string;
  denied: boolean;
}

export const roleGrant = declareOperation({
  name: "role grant",
  summary: "give somebody a role, everywhere or in a room",
  description:
    "Gives a role to a person or to all that a pattern matches. " +
    "Each role includes those before it: reader, operator, admin.",
  examples: [
    "role grant operator @anna:example.org",
    "role grant reader *:example.org",
    "role grant operator @ben:example.org --room !ops:example.org",
  ],
  parameters,
  role: "admin",
  kind: "act",
  async run(context, { role, who, room }) {
    const line = { role, principal: who, room: placeOf(room, context), denied: false };
    const added = await add(line, context.caller.name);
    const kept = await denialsOver(line);
    return answer(line, added, [
      { strong: who },
      ` ${added ? "is now" : "is already"} ${role}${where(line.room)}.`,
      ...(kept === undefined ? [] : [` A denial of ${kept} still holds.`]),
    ]);
  },
});

export const roleDeny = declareOperation({
  name: "role deny",
  summary: "keep a role, and all above it, from somebody",
  description:
    "Whatever is granted elsewhere: a denial always wins. " +
    "Denying operator leaves a reader; denying reader leaves nothing.",
  examples: ["role deny operator @ben:example.org", "role deny reader *:spam.example"],
  parameters,
  role: "admin",
  kind: "act",
  async run(context, { role, who, room }) {
    const line = { role, principal: who, room: placeOf(room, context), denied: true };
    const added = await add(line, context.caller.name);
    return answer(line, added, [
      { strong: who },
      ` ${added ? "can no longer be" : "could not be"} ${role} or more${where(line.room)}.`,
    ]);
  },
});

export const roleRevoke = declareOperation({
  name: "role revoke",
  summary: "take back a role that was granted, or a denial",
  examples: [
    "role revoke operator @anna:example.org",
    "role revoke operator @ben:example.org --denial",
  ],
  parameters: parameters.extend({
    denial: z.boolean().default(false).meta({ description: "take back a denial, not a grant" }),
  }),
  role: "admin",
  kind: "act",
  async run(context, { role, who, room, denial }) {
    const line = { role, principal: who, room: placeOf(room, context), denied: denial };
    const removed = await RoleGrant.destroy({ where: { ...line } });
    if (removed === 0) throw await nothingToRevoke(line);
    return answer(line, true, [
      { strong: who },
      denial
        ? `: the denial of ${role}${where(line.room)} is gone.`
        : ` is no longer ${role}${where(line.room)} by this grant.`,
    ]);
  },
});

export const roleList = declareOperation({
  name: "role list",
  summary: "all grants and denials",
  examples: ["role list"],
  parameters: z.object({}),
  role: "admin",
  kind: "answer",
  async run() {
    const grants = await RoleGrant.findAll({ order: ["principal", "room", "role", "denied"] });
    const data = grants.map((grant) => grant.toJSON());
    if (grants.length === 0) {
      return {
        messages: [
          {
            tone: "attention",
            headline: ["Nobody has a role yet."],
            next: [{ code: "role grant operator @you:example.org" }],
          },
        ],
        data,
      };
    }
    const rows = grants.map((grant) => [
      grant.principal,
      `${grant.denied ? "never " : ""}${grant.role}`,
      grant.room,
      grant.grantedBy,
      grant.grantedAt.toISOString().slice(0, 10),
    ]);
    const columns = ["who", "role", "where", "by", "since"];
    const headline: Inline[] = ["Roles in the order of people"];
    return { messages: [{ tone: "neutral", headline, table: { columns, rows } }], data };
  },
});

/** @returns false when it was there already */
async function add(line: Line, by: string): Promise<boolean> {
  const rows = await database().query(
    `insert into role_grant (principal, role, room, denied, granted_by)
     values ($1, $2, $3, $4, $5) on conflict do nothing returning id`,
    [line.principal, line.role, line.room, line.denied, by],
  );
  return rows.length > 0;
}

/** The lowest role that exactly this person is denied, to warn that a grant will not help. */
async function denialsOver(line: Line): Promise<Role | undefined> {
  const denials = await RoleGrant.findAll({
    where: { principal: line.principal, denied: true, room: ["*", line.room] },
  });
  const denied = new Set(denials.map((denial) => denial.role));
  return ROLES.slice(0, ROLES.indexOf(line.role) + 1).find((role) => denied.has(role));
}

async function nothingToRevoke(line: Line): Promise<OperatorError> {
  const what = line.denied ? "denial" : "grant";
  const others = await RoleGrant.findAll({ where: { principal: line.principal } });
  const has = others.map((one) => `${one.denied ? "never " : ""}${one.role}${where(one.room)}`);
  return new OperatorError(
    "NO_GRANT",
    `There is no ${what} of ${line.role} for ${line.principal}${where(line.room)}.`,
    has.length === 0 ? "Type role list for all." : `There is: ${has.join("; ")}.`,
  );
}

function placeOf(room: string, { caller }: OperationContext): string {
  if (room !== "here") return room;
  if (caller.room !== undefined) return caller.room;
  throw new OperatorError(
    "NO_ROOM",
    "There is no room here to mean by --room here.",
    "Give the room's id: --room !room:server",
    { exitStatus: 2 },
  );
}

function where(room: string): string {
  return room === "*" ? " everywhere" : ` in ${room}`;
}

function answer(line: Line, changed: boolean, headline: Inline[]): Answer {
  const message: Message = { tone: changed ? "good" : "neutral", headline };
  return { messages: [message], data: { ...line, changed } };
}

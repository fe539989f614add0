import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { database } from "../../core/database/connect.ts";
import { OperatorError } from "../../core/errors.ts";
import { renderText } from "../../core/message.ts";
import type { Message } from "../../core/message.ts";
import { RoleGrant } from "../../core/model/access.ts";
import { answers } from "../../core/modules/answers/index.ts";
import { access } from "../../core/modules/access/index.ts";
import { work } from "../../core/modules/work/index.ts";
import type { Module } from "../../core/modules/module.ts";
import { declareOperation, type Environment, type Role } from "../../core/operation/declare.ts";
import { botModule } from "../../bot/module.ts";
import { receive } from "../../hub/incoming.ts";
import { testEnvironment } from "./environment.ts";

export const OPS = "matrix:!ops:example.org";
export const ANNA = "@anna:example.org";

/** Work that reports its steps, and can be told how to end. */
const importing = declareOperation({
  name: "import",
  summary: "bring suites in",
  examples: ["import demo"],
  parameters: z.object({
    suites: z.array(z.string()).default([]).meta({ description: "suites", positional: true }),
    steps: z.int().default(1).meta({ description: "how long" }),
    fail: z.boolean().default(false).meta({ description: "fail at the end" }),
    rows: z.int().default(0).meta({ description: "rows of the answer" }),
  }),
  role: "operator",
  kind: "work",
  async run({ signal, progress }, { suites, steps, fail, rows }) {
    for (let step = 0; step < steps; step++) {
      progress({ step: "reading", done: step, total: steps, unit: "steps" });
      await sleep(25, undefined, { signal });
    }
    if (fail) throw new OperatorError("NO_MIRROR", "The mirror is away.", "Ask who runs it.");
    const table = {
      columns: ["package"],
      rows: Array.from({ length: rows }, (_, row) => [`package-${row}`]),
    };
    return {
      messages: [
        { tone: "good", headline: ["Imported ", { strong: suites.join() }], table },
        { tone: "neutral", headline: ["One more thing."] },
      ],
      data: suites,
    };
  },
});

/** Answers that go wrong in the ways answers can. */
const broken = declareOperation({
  name: "broken",
  summary: "fails in some way",
  examples: ["broken bug"],
  parameters: z.object({
    how: z.enum(["bug", "sql", "passing", "deadly"]).meta({ description: "how", positional: true }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { how }) {
    // Only for processes of their own.
    if (how === "deadly") process.kill(process.pid, "SIGKILL");
    if (how === "bug") throw new TypeError("x is not a function: secret detail");
    if (how === "sql") await database().query("select 1 / 0");
    await database().query("do $$ begin raise exception using errcode = '40001'; end $$");
    return { messages: [], data: null };
  },
});

const files = declareOperation({
  name: "distro apply",
  summary: "read a file",
  examples: ["distro apply example.toml"],
  parameters: z.object({
    file: z.string().meta({ description: "file", positional: true, complete: "file" }),
  }),
  role: "operator",
  kind: "act",
  run: () => Promise.resolve({ messages: [], data: null }),
});

const knowledge: Module = {
  name: "test",
  summary: "for tests",
  operations: [importing, broken, files],
  explain: (name) =>
    Promise.resolve([
      {
        message: {
          tone: "neutral",
          headline: ["Known: ", { strong: name }],
          table: {
            columns: ["suite"],
            rows: Array.from({ length: name === "mini" ? 57 : 1 }, (_, row) => [`suite-${row}`]),
          },
        },
        data: { name },
      },
    ]),
};

/** A program with a few operations, where people of this machine are operators. */
export function roomEnvironment(allow: Role = "operator"): Environment {
  const environment = testEnvironment([knowledge, answers, work, access, botModule]);
  const { settings } = environment;
  const config = structuredClone(settings.config);
  config.web.allow = allow;
  config.matrix.user = "@laniakea:example.org";
  return { ...environment, settings: { ...settings, config } };
}

export async function grant(principal: string, role: Role, room = "*"): Promise<void> {
  await RoleGrant.create({ principal, role, room, grantedBy: "test" });
}

let told = 0;

/** Somebody says something; the id of the message. */
export async function tell(
  body: string,
  options: {
    sender?: string;
    destination?: string;
    sentAt?: Date;
    thread?: string;
    addressed?: boolean;
  } = {},
): Promise<string> {
  const messageId = `$message-${++told}`;
  await receive({
    destination: options.destination ?? OPS,
    messageId,
    sender: options.sender ?? ANNA,
    body,
    sentAt: options.sentAt ?? new Date(),
    ...(options.addressed === undefined ? {} : { addressed: options.addressed }),
    ...(options.thread === undefined ? {} : { thread: options.thread }),
  });
  return messageId;
}

export interface Said {
  id: string;
  destination: string;
  message: Message;
  text: string;
  thread: string | null;
  reply_to: string | null;
  edits: string | null;
  final: boolean;
  idempotency_key: string | null;
  created_at: Date;
}

/** All that was given to a room for sending since the beginning, in order. */
export async function said(destination = OPS): Promise<Said[]> {
  const rows = await database().query<Omit<Said, "text">>(
    "select * from delivery where destination = $1 order by number",
    [destination],
  );
  return rows.map((row) => ({ ...row, text: renderText(row.message) }));
}

/** The answers to a message. */
export async function answersTo(messageId: string, destination = OPS): Promise<string[]> {
  const all = await said(destination);
  return all.filter((one) => one.reply_to === messageId).map((one) => one.text);
}

export async function outcomeOf(messageId: string): Promise<string | null | undefined> {
  const [row] = await database().query<{ outcome: string | null }>(
    "select outcome from incoming_message where message_id = $1",
    [messageId],
  );
  return row?.outcome;
}

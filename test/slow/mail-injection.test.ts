import { randomUUID } from "node:crypto";
import { accessSync } from "node:fs";
import test from "ava";
import { understand } from "../../core/events/catalogue.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import type { Outgoing } from "../../hub/channels/channel.ts";
import { createSeals } from "../../hub/mail/seals.ts";
import { attacks, fillSchema } from "../support/injection.ts";
import { mailFaults, mailSource, type Seen, seenByPython } from "../support/mail-source.ts";

/**
 * 5,000 hostile texts through every field of events, their subjects and reasons, as the mail that
 * goes out, read by Python's parser. In CI each text meets one event; with LK_FULL=1 all of them
 *.
 */
const isFull = process.env["LK_FULL"] === "1";
const missing = whyNoPython();
const real = missing === undefined ? test : test.skip;

const { events } = createRegistry(coreModules);
const declarations = [...events.values()];
const letterhead = {
  from: { name: "Example OS", address: "laniakea@example.org" },
  web: "https://lk.example.org",
  control: "control@example.org",
  seals: createSeals(["secret".repeat(8)]),
};
const MAILS_AT_ONCE = 500;

function whyNoPython(): string | undefined {
  try {
    accessSync("/usr/bin/python3");
    return undefined;
  } catch {
    return "python3 is not installed";
  }
}

/** The mail of an event with a text in all fields; undefined when it has nothing to say. */
function mailOf(tag: string, text: string): Outgoing | undefined {
  const schema = events.get(tag)?.schema;
  if (schema === undefined) return undefined;
  const understood = understand(
    events,
    tag,
    fillSchema(schema, () => text),
  );
  const message = understood.render({ web: letterhead.web });
  if (message === null) return undefined;
  return {
    id: randomUUID(),
    destination: "email:anna@example.org",
    address: "anna@example.org",
    message,
    subject: { ...understood.subject, tag, event: text, object: text, label: text },
    reason: text,
    final: true,
    attempt: 1,
    createdAt: new Date("2026-11-22T10:00:00Z"),
  };
}

real(
  `5,000 hostile texts make no header, no part and no markup${missing === undefined ? "" : ` # ${missing}`}`,
  async (t) => {
    const plain = await plainMails();
    const wrong: string[] = [];
    let seen = 0;
    let batch: { tag: string; attack: string; source: string }[] = [];
    const look = (): void => {
      const mails = seenByPython(batch.map(({ source }) => source));
      for (const [index, mail] of mails.entries()) {
        const { tag = "", attack = "" } = batch[index] ?? {};
        const honest = plain.get(tag);
        const faults =
          honest === undefined ? ["nothing to compare with"] : mailFaults(mail, honest);
        if (faults.length === 0) continue;
        const shown = JSON.stringify(attack.slice(0, 100));
        wrong.push(`${tag}: ${faults.join("; ")}: ${shown}`);
      }
      seen += mails.length;
      batch = [];
    };
    for (const [number, attack] of attacks(5_000).entries()) {
      for (const [index, { tag }] of declarations.entries()) {
        if (!isFull && (index + number) % declarations.length !== 0) continue;
        const outgoing = mailOf(tag, attack);
        if (outgoing === undefined) continue;
        batch.push({ tag, attack, source: await mailSource(outgoing, letterhead) });
        if (batch.length >= MAILS_AT_ONCE) look();
      }
    }
    if (batch.length > 0) look();
    t.deepEqual(wrong, []);
    t.log(`${seen} mails`);
    t.true(seen > 4_000);
  },
);

async function plainMails(): Promise<Map<string, Seen>> {
  const sources = new Map<string, string>();
  for (const { tag } of declarations) {
    const outgoing = mailOf(tag, "plain");
    if (outgoing !== undefined) sources.set(tag, await mailSource(outgoing, letterhead));
  }
  const seen = seenByPython([...sources.values()]);
  return new Map(
    [...sources.keys()].flatMap((tag, index) => {
      const mail = seen[index];
      return mail === undefined ? [] : [[tag, mail] as const];
    }),
  );
}

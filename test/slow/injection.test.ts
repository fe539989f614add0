import test from "ava";
import { understand } from "../../core/events/catalogue.ts";
import type { EventDeclaration } from "../../core/events/declare.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { eventSamples } from "../support/event-samples.ts";
import { ATTACKS, attacks, fillSample, fillSchema } from "../support/injection.ts";
import { messageFaults } from "../support/message-faults.ts";

/**
 * 5,000 hostile texts through every event, and those that are not combinations through every field
 * by itself. In CI each text meets a few events; with LK_FULL=1 all of them (a few minutes of processor time).
 */
const isFull = process.env["LK_FULL"] === "1";
const { events } = createRegistry(coreModules);
const declarations = [...events.values()];
const reader = {
  web: "https://lk.example.org",
  event: { uuid: "7c1e2f3a-c78b-11f1-8b6e-0242ac120002", time: new Date(0) },
};

test("5,000 hostile texts in all fields at once", (t) => {
  const samples = eventSamples();
  let said = 0;
  for (const [number, attack] of attacks(5_000).entries()) {
    const language = number % 2 === 0 ? "en" : "de";
    for (const [index, { tag, schema }] of declarations.entries()) {
      if (!isFull && (index + number) % 20 !== 0) continue;
      said += check(t, { tag, language, attack, data: fillSchema(schema, () => attack) });
    }
    for (const [index, { tag, data }] of samples.entries()) {
      if (!isFull && (index + number) % 80 !== 0) continue;
      said += check(t, { tag, language, attack, data: fillSample(data, () => attack) });
    }
  }
  t.log(`${said} messages`);
  t.true(said > 10_000);
});

test("every field of every event by itself", (t) => {
  let fields = 0;
  let said = 0;
  for (const declaration of declarations) {
    for (const [index, path] of pathsOf(declaration).entries()) {
      fields++;
      for (const [number, attack] of ATTACKS.entries()) {
        if (!isFull && (index + number) % 5 !== 0) continue;
        const data = fillSchema(declaration.schema, (one) => (one === path ? attack : "bash"));
        said += check(t, { tag: declaration.tag, language: "en", attack, data });
      }
    }
  }
  t.log(`${fields} fields, ${said} messages`);
  t.true(fields > 300);
});

function pathsOf({ schema }: EventDeclaration): string[] {
  const paths = new Set<string>();
  fillSchema(schema, (path) => {
    paths.add(path);
    return "x";
  });
  return [...paths];
}

interface Case {
  tag: string;
  language: "en" | "de";
  attack: string;
  data: unknown;
}

/** @returns how many messages were looked at: one or none */
function check(t: { fail(message: string): void }, { tag, language, attack, data }: Case): number {
  const message = understand(events, tag, data).render({ ...reader, language });
  if (message === null) return 0;
  const faults = messageFaults(message);
  if (faults.length > 0) t.fail(`${tag}: ${JSON.stringify(attack)}: ${faults.join("; ")}`);
  return 1;
}

import { z } from "zod";
import type { Message } from "../../core/message.ts";
import type { RecoverySource, UntoldEvent } from "../../core/modules/recovery.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { preview, recoverySources, sweep } from "./sweep.ts";

const SHOWN = 10;
const MOST_COUNTED = 10_000;

export const recover = declareOperation({
  name: "recover",
  summary: "find what the database shows and no event told, and tell it",
  description:
    "Compares the state of jobs and archives with the journal and emits each missing event once, " +
    "marked as recovered. The hub does this by itself all the time; states are compared from where " +
    "it stopped. Changes of the last ten seconds are left for their events to arrive.",
  examples: ["recover", "recover --dry-run"],
  parameters: z.object({}),
  role: "operator",
  kind: "work",
  locks: () => ["recover"],
  async run({ dryRun, registry, signal }) {
    const messages: Message[] = [];
    const data: Record<string, unknown>[] = [];
    for (const source of recoverySources(registry)) {
      const { name } = source;
      if (dryRun) {
        const found = await preview(source, MOST_COUNTED);
        messages.push(plan(source, found));
        data.push({ source: name, found: found.length, events: found });
      } else {
        const told = await sweep(source, { signal });
        messages.push(report(source, told));
        data.push({ source: name, recovered: told });
      }
    }
    return { messages, data };
  },
});

function report({ name, summary }: RecoverySource, told: number): Message {
  const headline = [{ strong: name }, `: ${events(told)} had not come`];
  const details = [[summary]];
  return told === 0
    ? { tone: "good", headline: [{ strong: name }, ": every event was there"], details }
    : { tone: "attention", headline, details };
}

function plan(source: RecoverySource, found: readonly UntoldEvent[]): Message {
  if (found.length === 0) return report(source, 0);
  const count = found.length === MOST_COUNTED ? `at least ${found.length}` : String(found.length);
  const more = found.length - SHOWN;
  return {
    tone: "attention",
    headline: [{ strong: source.name }, `: ${count} would be told`],
    table: {
      columns: ["time", "event", "of"],
      rows: found
        .slice(0, SHOWN)
        .map(({ key, tag, time }) => [time.toISOString(), tag.replace(/^_lk\./, ""), key]),
    },
    ...(more > 0 ? { details: [[`and ${more} more`]] } : {}),
    next: ["To tell them: recover"],
  };
}

function events(count: number): string {
  return count === 1 ? "1 event" : `${count} events`;
}

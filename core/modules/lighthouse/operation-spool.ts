import { z } from "zod";
import { flushSpool } from "../../events/producer/courier.ts";
import { type LaneState, lookIntoSpool } from "../../events/producer/look.ts";
import { producerOptions, spoolDirectories } from "../../events/producer/setup.ts";
import type { Message } from "../../message.ts";
import { declareOperation } from "../../operation/declare.ts";

const SHOWN = 20;

export const eventSpool = declareOperation({
  name: "event spool",
  summary: "what waits on this machine for a Lighthouse, and what was refused",
  description:
    "Events that could not be submitted wait in a spool; lk up, lk lighthouse and lk scheduler deliver it. flush tries now.",
  examples: ["event spool", "event spool flush --wait 60"],
  parameters: z.object({
    action: z
      .enum(["list", "flush"])
      .default("list")
      .meta({ description: "list shows it, flush delivers it first", positional: true }),
    wait: z
      .number()
      .min(0.1)
      .max(3_600)
      .default(10)
      .meta({ description: "seconds that flush waits for a Lighthouse" }),
  }),
  role: "admin",
  kind: "act",
  standalone: true,
  async run(environment, { action, wait }) {
    const spools = spoolDirectories(environment.settings);
    if (action === "flush") {
      const options = producerOptions(environment);
      await Promise.all(spools.map((spool) => flushSpool({ ...options, spool }, wait * 1_000)));
    }
    const lanes = (await Promise.all(spools.map(lookIntoSpool))).flat();
    const waiting = lanes.reduce((sum, lane) => sum + lane.waiting, 0);
    return {
      messages: [waitingMessage(lanes, waiting), ...refusedMessage(lanes)],
      data: { waiting, lanes },
      failed: action === "flush" && waiting > 0,
    };
  },
});

function waitingMessage(lanes: LaneState[], waiting: number): Message {
  if (waiting === 0) return { tone: "good", headline: ["Nothing waits in the spool."] };
  const rows = lanes
    .filter((lane) => lane.waiting > 0)
    .map((lane) => [
      lane.directory,
      String(lane.waiting),
      String(lane.bytes),
      lane.held ? "a program works on it" : "left behind",
    ]);
  const columns = ["lane", "events", "bytes", "state"];
  const headline = [`${waiting} events wait in the spool for a Lighthouse:`];
  return { tone: "attention", headline, table: { columns, rows } };
}

function refusedMessage(lanes: LaneState[]): Message[] {
  const refused = lanes.flatMap((lane) => lane.refused);
  if (refused.length === 0) return [];
  const rows = refused
    .toSorted((a, b) => (a.time < b.time ? 1 : -1))
    .slice(0, SHOWN)
    .map(({ time, server, reason, event }) => [time, server, tagOf(event), reason]);
  const columns = ["refused", "by", "tag", "reason"];
  const headline = [`${refused.length} events were refused and are kept beside the spool:`];
  return [{ tone: "attention", headline, table: { columns, rows } }];
}

function tagOf(event: string): string {
  return (JSON.parse(event) as { tag: string }).tag;
}

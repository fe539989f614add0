import { readFileSync } from "node:fs";

type Data = Record<string, unknown>;

/** An event as somebody sends or sent it: of each kind the usual one, odd ones and old ones. */
export interface EventSample {
  tag: string;
  /** What is special about it. */
  name: string;
  data: Data;
}

/** All samples, by tag. */
export function eventSamples(): EventSample[] {
  const text = readFileSync("test/fixtures/golden/samples.json", "utf8");
  const byTag = JSON.parse(text) as Record<string, Record<string, Data>>;
  return Object.entries(byTag).flatMap(([tag, cases]) =>
    Object.entries(cases).map(([name, data]) => ({ tag, name, data })),
  );
}

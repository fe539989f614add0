import type { Inline, Message } from "../../message.ts";
import type { Fact } from "../module.ts";
import { age } from "./explain.ts";
import { type SuiteOverview, suiteOverview } from "./read.ts";

/** A row of `status` for each suite: what it holds, how fresh it is, what is wrong. */
export async function suiteStatus(): Promise<Fact[]> {
  const now = new Date();
  return (await suiteOverview()).map((suite) => ({
    message: suiteMessage(suite, now),
    data: { kind: "suite", ...suite },
  }));
}

function suiteMessage(suite: SuiteOverview, now: Date): Message {
  const place: Inline = { strong: `${suite.repository}:${suite.suite}` };
  if (suite.importedAt === null) {
    return {
      tone: suite.failure === null ? "attention" : "bad",
      headline: [place, " is not imported yet"],
      details: suite.failure === null ? [] : [[suite.failure]],
      next: [{ code: `import ${suite.suite}` }],
    };
  }
  const counts = [`${suite.sources} sources`, `${suite.binaries} binaries`];
  if (suite.udebs > 0) counts.push(`${suite.udebs} for the installer`);
  const headline: Inline[] = [place, `: ${counts.join(", ")}`];
  const checked = suite.checkedAt === null ? "never" : `${age(suite.checkedAt, now)} ago`;
  const details: Inline[][] = [[`looked at ${checked}, changed ${age(suite.importedAt, now)} ago`]];
  if (suite.failure === null) return { tone: "good", headline, details };
  details.push([suite.failure]);
  return { tone: "bad", headline, details, next: [{ code: `import ${suite.suite}` }] };
}

import { z } from "zod";
import { declareOperation } from "../../operation/declare.ts";
import { age } from "./explain.ts";
import { type SuiteOverview, suiteOverview } from "./read.ts";

export const suiteList = declareOperation({
  name: "suite list",
  summary: "the configured suites, what they hold and how fresh they are",
  examples: ["suite list", "suite list --repository demo"],
  parameters: z.object({
    repository: z.string().min(1).optional().meta({
      description: "only suites of this repository",
      complete: "repository",
    }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { repository }) {
    const all = await suiteOverview();
    const suites = all.filter((one) => repository === undefined || one.repository === repository);
    if (suites.length === 0) {
      return {
        messages: [
          {
            tone: "attention",
            headline: [
              repository === undefined
                ? "No suite is configured yet."
                : `The repository ${repository} has no suite here.`,
            ],
            next: ["Describe the archives in a file and apply it: lk distro apply FILE"],
          },
        ],
        data: [],
      };
    }
    const now = new Date();
    const columns = ["suite", "components", "architectures", "sources", "binaries", "looked at"];
    return {
      messages: [
        {
          tone: suites.some((one) => one.failure !== null) ? "bad" : "neutral",
          headline: [`${suites.length} ${suites.length === 1 ? "suite" : "suites"}`],
          table: { columns, rows: suites.map((suite) => tableRow(suite, now)) },
        },
      ],
      data: suites,
    };
  },
});

function tableRow(suite: SuiteOverview, now: Date): string[] {
  const looked = suite.checkedAt === null ? "never" : `${age(suite.checkedAt, now)} ago`;
  return [
    `${suite.repository}:${suite.suite}`,
    suite.components.join(" "),
    suite.architectures.join(" "),
    String(suite.sources),
    String(suite.binaries + suite.udebs),
    suite.failure === null ? looked : `${looked}, failing`,
  ];
}

import { count } from "../../events/phrases.ts";
import type { Inline } from "../../message.ts";
import type { Answer } from "../../operation/declare.ts";
import { countWords } from "./diff-message.ts";
import type { DiffView } from "./diff.ts";
import type { Difference } from "./suite-difference.ts";
import type { ConfiguredSuite } from "./suites.ts";

/** What differs between two suites now, for people and programs. */
export function describeDifference(
  { suite, binaries }: DiffView,
  other: ConfiguredSuite,
  differences: Difference[],
): Answer {
  const here = `${suite.repository}:${suite.name}`;
  const there = `${other.repository}:${other.name}`;
  const counts = countsOf(differences);
  const what = count(differences.length, binaries ? "binary package" : "source package");
  const details: Inline[][] = differences.length === 0 ? [] : [[countWords(counts)]];
  const bare = [suite, other].find((one) => !one.sources);
  if (!binaries && bare !== undefined) {
    details.push([`sources of ${bare.name} are not imported; --binaries compares what is`]);
  }
  return {
    messages: [
      {
        tone: "neutral",
        headline:
          differences.length === 0
            ? [{ strong: here }, " has the same versions as ", { strong: there }]
            : [{ strong: here }, " against ", { strong: there }, `: ${what} differ`],
        details,
        ...(differences.length === 0
          ? {}
          : {
              table: {
                columns: ["package", "what", here, there, "component", "architectures"].slice(
                  0,
                  binaries ? 6 : 5,
                ),
                rows: differences.map((one) => tableRow(one, binaries)),
              },
            }),
      },
    ],
    data: {
      repository: suite.repository,
      suite: suite.name,
      against: { repository: other.repository, suite: other.name },
      counts,
      differences,
    },
  };
}

function tableRow(one: Difference, binaries: boolean): string[] {
  const components = [...new Set([one.component, one.otherComponent])].filter(Boolean);
  return [
    one.type === "udeb" ? `${one.name} (installer)` : one.name,
    one.relation,
    one.version ?? "",
    one.other ?? "",
    components.join(" ↔ "),
    ...(binaries ? [one.architectures.join(" ")] : []),
  ];
}

function countsOf(differences: readonly Difference[]): Record<string, number> {
  const counts = { "only here": 0, "only there": 0, newer: 0, older: 0, moved: 0 };
  for (const { relation } of differences) counts[relation]++;
  return counts;
}

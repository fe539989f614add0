import { z } from "zod";
import { OperatorError } from "../../errors.ts";
import type { Answer } from "../../operation/declare.ts";
import { declareOperation } from "../../operation/declare.ts";
import { describeNetChanges } from "./diff-message.ts";
import { describeDifference } from "./difference-message.ts";
import { type Moment, MOMENTS, parseMoment } from "./moment.ts";
import { type ChangeFilter, netChanges } from "./net-change.ts";
import { findSpan } from "./recorded-state.ts";
import { binaryDifference, sourceDifference } from "./suite-difference.ts";
import { type ConfiguredSuite, findSuite } from "./suites.ts";

const Name = z
  .string()
  .regex(/^[A-Za-z0-9.+*?-]{1,100}$/, { message: "a name of a package, with * and ?" });

export const diffOperation = declareOperation({
  name: "diff",
  summary: "what differs between two states of a suite, or between two suites",
  description:
    "Tells what came into a suite, what left it and what changed its version between two of its " +
    "recorded states: each import that changed something is one. What came and went again is " +
    "nothing, and what was updated twice is one step. With --against it compares the highest " +
    `version of each package now with that in another suite. Moments are ${MOMENTS}.`,
  examples: [
    "diff bookworm",
    "diff bookworm --since 2d",
    "diff bookworm 'linux*' --since 2026-11-01 --until yesterday --binaries",
    "diff bookworm --run 12",
    "diff bookworm --against trixie --component main",
  ],
  parameters: z.object({
    suite: z.string().min(1).meta({
      description: "the suite",
      positional: true,
      complete: "suite",
    }),
    packages: z.array(Name).max(50).default([]).meta({
      description: "only these packages, by names or patterns such as linux-*",
      positional: true,
      complete: "package",
    }),
    since: z.string().optional().meta({
      description:
        "the older state; without it, that before the last import that changed something",
    }),
    until: z.string().default("now").meta({ description: "the newer state" }),
    run: z.int().positive().optional().meta({
      description: "what this one import changed, instead of --since and --until",
    }),
    against: z.string().min(1).optional().meta({
      description: "another suite to compare with, as both are now",
      complete: "suite",
    }),
    binaries: z.boolean().default(false).meta({
      description: "binary packages instead of source packages",
    }),
    component: z
      .array(z.string().min(1))
      .default([])
      .meta({ description: "only these components" }),
    architecture: z.array(z.string().min(1)).default([]).meta({
      description: "only these architectures; for binary packages",
    }),
    repository: z.string().min(1).optional().meta({
      description: "the repository of the suite, where several have one of its name",
      complete: "repository",
    }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, given): Promise<Answer> {
    refuseContradictions(given);
    const suite = await findSuite(given.suite, given.repository);
    const view: DiffView = {
      suite,
      // An architecture means packages that have one.
      binaries: given.binaries || given.architecture.length > 0,
      filter: {
        components: given.component,
        architectures: given.architecture,
        names: given.packages,
      },
      now: new Date(),
    };
    if (given.against !== undefined) return againstSuite(view, given.against, given.repository);
    return betweenStates(view, moments(given, view.now));
  },
});

/** What is compared, and how it is shown. */
export interface DiffView {
  suite: ConfiguredSuite;
  binaries: boolean;
  filter: ChangeFilter;
  now: Date;
}

interface Moments {
  since: Moment;
  until: Moment;
}

function moments(
  given: { since?: string | undefined; until: string; run?: number | undefined },
  now: Date,
): Moments {
  if (given.run !== undefined) {
    return { since: { before: given.run }, until: { run: given.run } };
  }
  return { since: parseMoment(given.since ?? "last", now), until: parseMoment(given.until, now) };
}

async function betweenStates(view: DiffView, { since, until }: Moments): Promise<Answer> {
  const { suite, filter } = view;
  const span = await findSpan(suite, since, until);
  const rows = await netChanges(suite.id, span.from.run, span.to.run, filter);
  return describeNetChanges(view, span, rows);
}

async function againstSuite(
  view: DiffView,
  against: string,
  repository: string | undefined,
): Promise<Answer> {
  // The other one may be of another repository.
  const other = await findSuite(against).catch(() => findSuite(against, repository));
  const compare = view.binaries ? binaryDifference : sourceDifference;
  return describeDifference(view, other, await compare(view.suite.id, other.id, view.filter));
}

function refuseContradictions(given: {
  since?: string | undefined;
  until: string;
  run?: number | undefined;
  against?: string | undefined;
}): void {
  const states = given.since !== undefined || given.until !== "now";
  const ways = [states, given.run !== undefined, given.against !== undefined];
  if (ways.filter(Boolean).length <= 1) return;
  throw new OperatorError(
    "BAD_ARGUMENTS",
    "Only one of --since with --until, --run and --against can be asked for at once.",
    "For example: diff bookworm --since 2d",
    { exitStatus: 2 },
  );
}

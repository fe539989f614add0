import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { architectureFault } from "../../debian/package-name.ts";
import type { Difference } from "../../difference.ts";
import { declareSection } from "../distro-section.ts";
import { type JobPolicy, loadPolicy, storePolicy } from "./policy.ts";

const JobsSection = z.strictObject({
  indep_architecture: z
    .string()
    .refine((name) => architectureFault(name) === undefined, "no name of an architecture")
    .default("amd64"),
  max_attempts: z.int().min(1).max(100).default(5),
  lease_minutes: z.int().min(1).max(10_080).default(150),
});

/** `[jobs]` in the description of a distribution: who builds arch:all, and how patient we are. */
export const policySection = declareSection({
  name: "jobs",
  schema: JobsSection,
  async plan(section) {
    const wanted = policyOf(section);
    const differences = differencesOf(await loadPolicy(), wanted);
    return { differences, apply: () => storePolicy(wanted) };
  },
  async export() {
    const policy = await loadPolicy();
    if (isDeepStrictEqual(policy, policyOf(JobsSection.parse({})))) return undefined;
    return {
      indep_architecture: policy.indepArchitecture,
      max_attempts: policy.maxAttempts,
      lease_minutes: policy.leaseMinutes,
    };
  },
});

function policyOf(section: z.output<typeof JobsSection>): JobPolicy {
  return {
    indepArchitecture: section.indep_architecture,
    maxAttempts: section.max_attempts,
    leaseMinutes: section.lease_minutes,
  };
}

const WORDS: Record<keyof JobPolicy, string> = {
  indepArchitecture: "architecture that builds arch:all",
  maxAttempts: "attempts at a job",
  leaseMinutes: "minutes for which a worker may be silent",
};

function differencesOf(present: JobPolicy, wanted: JobPolicy): Difference[] {
  return (Object.keys(WORDS) as (keyof JobPolicy)[])
    .filter((key) => present[key] !== wanted[key])
    .map((key) => ({ sign: "~", text: `${WORDS[key]}: ${present[key]} → ${wanted[key]}` }));
}

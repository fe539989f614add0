import { dirname, resolve } from "node:path";
import { z } from "zod";
import { inTransaction } from "../../database/connect.ts";
import type { Registry } from "../../operation/registry.ts";
import { readToml } from "../../toml.ts";
import type { Difference } from "../../difference.ts";
import type { DistroSection } from "../distro-section.ts";

export interface ApplyOptions {
  /** Folder that relative paths start at. */
  folder: string;
  dryRun: boolean;
  prune: boolean;
}

/** The sections that the modules of a program own. @throws Error when two claim one key */
export function sectionsOf(registry: Pick<Registry, "modules">): DistroSection[] {
  const sections = registry.modules.flatMap((module) => module.distro ?? []);
  const names = sections.map((section) => section.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two modules own the section ${twice} of a distro file`);
  return sections;
}

/**
 * Reads the description of a distribution.
 *
 * @throws OperatorError naming file, line and key of every fault
 */
export function readDistro(
  sections: readonly DistroSection[],
  file: string,
): { document: Record<string, unknown>; folder: string } {
  const document = readToml(file, schemaOf(sections));
  return { document, folder: dirname(resolve(file)) };
}

/**
 * Brings the database to what a description says, in one transaction.
 *
 * @param document as `readDistro` returns it, or made by a program; checked again here
 * @returns what differed; empty when it was so already
 */
export async function applyDistro(
  sections: readonly DistroSection[],
  document: Record<string, unknown>,
  options: ApplyOptions,
): Promise<Difference[]> {
  const checked = schemaOf(sections).parse(document);
  return inTransaction(async () => {
    const differences: Difference[] = [];
    for (const section of sections) {
      const value = checked[section.name];
      if (value === undefined) continue;
      const plan = await section.plan(value, options);
      differences.push(...plan.differences);
      if (!options.dryRun) await plan.apply();
    }
    return differences;
  });
}

/** What the database says, in the form of a description. Empty sections are left out. */
export async function exportDistro(
  sections: readonly DistroSection[],
): Promise<Record<string, unknown>> {
  const document: Record<string, unknown> = {};
  for (const section of sections) {
    const value = await section.export();
    const empty = Array.isArray(value) ? value.length === 0 : value === undefined;
    if (!empty) document[section.name] = value;
  }
  return document;
}

function schemaOf(
  sections: readonly DistroSection[],
): z.ZodObject<Record<string, z.ZodType>, z.core.$strict> {
  const shape = sections.map((section) => [section.name, section.schema.optional()] as const);
  return z.strictObject(Object.fromEntries(shape));
}

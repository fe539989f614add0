import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type BenchArchive,
  changedArchive,
  countStanzas,
  originalArchive,
  PACKAGES,
  SOURCES,
} from "./archive.ts";

/** What all who are measured read. */
export interface Stage {
  folder: string;
  original: BenchArchive;
  /** Copies in which this share of the packages has another version. */
  changed: { share: number; archive: BenchArchive }[];
  /** Packages of the original, sources and binaries. */
  stanzas: number;
}

export async function makeStage(folder: string, mirror: string | undefined): Promise<Stage> {
  const original = await originalArchive(join(folder, "original"), mirror);
  const changed = [];
  for (const share of [0.01, 0.1]) {
    const place = join(folder, `changed-${share}`);
    mkdirSync(place);
    changed.push({ share, archive: await changedArchive(original, place, share) });
  }
  const stanzas = countStanzas(original, PACKAGES) + countStanzas(original, SOURCES);
  return { folder, original, changed, stanzas };
}

import type { z } from "zod";
import type { Difference } from "../difference.ts";

/**
 * A part of the description of a distribution (`lk distro apply FILE`), owned by the module whose
 * tables it fills: the key it has in the file, what may stand there, and how the database is
 * brought to it and read back.
 */
export interface DistroSection<Schema extends z.ZodType = z.ZodType> {
  /** Key in the file: `repository` for `[[repository]]`. */
  name: string;
  schema: Schema;
  /** Compares what the file says with the database. Runs inside the transaction of `apply`. */
  plan(value: z.output<Schema>, context: DistroContext): Promise<DistroPlan>;
  /** What the database says, in the form of the file, so that applying it changes nothing. */
  export(): Promise<unknown>;
}

export interface DistroContext {
  /** Of the file: relative paths in it start there. */
  folder: string;
  /** Also remove what the database has and the file does not name. */
  prune: boolean;
}

export interface DistroPlan {
  differences: Difference[];
  /** Makes them true, in the caller's transaction. */
  apply(): Promise<void>;
}

/** Declares a section; the types of `plan` follow from the schema. */
export function declareSection<Schema extends z.ZodType>(
  section: DistroSection<Schema>,
): DistroSection {
  return section;
}

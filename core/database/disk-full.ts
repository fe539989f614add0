import { OperatorError } from "../errors.ts";

/** disk_full (PostgreSQL, appendix A, class 53). */
const DISK_FULL = "53100";

/**
 * What an operator can mend of what a transaction threw: a disk without room. Anything else is
 * given back as it is.
 */
export function explainFullDisk(thrown: unknown): unknown {
  const { code, message } = serverError(thrown);
  if (code !== DISK_FULL) return thrown;
  return new OperatorError(
    "DATABASE_FULL",
    `The disk of the database is full: ${message}.`,
    "Nothing was stored. Make room there and do it again; lk doctor tells how much is free.",
    { cause: thrown },
  );
}

/** As node-postgres throws it, or inside what Sequelize makes of it. */
function serverError(thrown: unknown): { code?: string; message?: string } {
  if (typeof thrown !== "object" || thrown === null) return {};
  return "parent" in thrown ? serverError(thrown.parent) : thrown;
}

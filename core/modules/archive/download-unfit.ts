import { OperatorError } from "../../errors.ts";
import { shownUrl } from "./fetch-address.ts";

/**
 * The mirrors have no index such as their Release lists it. When a mirror is being updated, asking
 * again for both may help.
 */
export class UnfitIndex extends OperatorError {
  constructor(error: OperatorError) {
    super(error.code, error.message, error.hint, { cause: error });
  }
}

/** @param has bytes, or `more` when it was not read to its end */
export function wrongSize(url: string, has: number | "more", listed: { size: number }): UnfitIndex {
  const found = has === "more" ? `more than ${listed.size} bytes` : `${has} bytes`;
  return new UnfitIndex(
    new OperatorError(
      "SIZE_MISMATCH",
      `${shownUrl(url)} has ${found}, but the Release lists ${listed.size}.`,
      HINT,
    ),
  );
}

export function wrongHash(url: string): UnfitIndex {
  return new UnfitIndex(
    new OperatorError(
      "HASH_MISMATCH",
      `${shownUrl(url)} is not the file that the Release lists: its SHA256 differs.`,
      HINT,
    ),
  );
}

const HINT =
  "Nothing was stored. The mirror is being updated, or the file was altered; " +
  "try again later, or add another mirror to the repository.";

import { createHash } from "node:crypto";
import type { IndexFile } from "../download.ts";
import { wrongContent } from "../load.ts";
import type { PlannedFile } from "../plan.ts";

/**
 * The uncompressed bytes of a fetched file. What they say is only good when this ends without
 * throwing: that they are too few, or others, is known at their end.
 *
 * @throws OperatorError `SIZE_MISMATCH`, `HASH_MISMATCH`, `CORRUPT_INDEX`
 */
export async function* verifiedContent(
  planned: PlannedFile,
  file: IndexFile,
  options: { signal: AbortSignal; onBytes?: (bytes: number) => void },
): AsyncGenerator<Buffer> {
  const { plain } = planned;
  const name = file.url;
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of file.content(options.signal)) {
    options.signal.throwIfAborted();
    size += chunk.length;
    // A small file may unpack to anything; what is not listed is not read.
    if (plain !== undefined && size > plain.size) throw wrongContent(name, "is larger");
    hash.update(chunk);
    options.onBytes?.(chunk.length);
    yield chunk;
  }
  if (plain === undefined) return;
  if (size !== plain.size) throw wrongContent(name, "is smaller");
  if (plain.sha256 !== undefined && hash.digest("hex") !== plain.sha256) {
    throw wrongContent(name, "differs");
  }
}

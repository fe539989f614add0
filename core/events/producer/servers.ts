import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The servers that acknowledged once, remembered beside the spool. */
export interface AcknowledgingServers {
  has(endpoint: string): boolean;
  add(endpoint: string): void;
}

/**
 * A Lighthouse that acknowledged once and is silent now is ours and in trouble: its events have to
 * wait. One that never did may be the Python one, which is silent when all is well.
 */
export function createAcknowledgingServers(spool: string): AcknowledgingServers {
  const path = join(spool, "acknowledging-servers");
  const known = new Set(readLines(path));
  return {
    has: (endpoint) => known.has(endpoint),
    add(endpoint) {
      if (known.has(endpoint)) return;
      known.add(endpoint);
      appendFileSync(path, `${endpoint}\n`, { mode: 0o600 });
    },
  };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}

import { createHash } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";

/** The file that a download is to become, as a Release lists it. */
export interface Wanted {
  size: number;
  sha256: string;
}

/** A download that is not yet whole. Only the one who began it writes it. */
export interface Part {
  /** Bytes that are there. */
  size(): number;
  append(chunk: Buffer): Promise<void>;
  /** Forgets what is there. */
  restart(): Promise<void>;
  /** The file, kept as whole, if it is what was wanted; else forgets what is there. */
  finish(): Promise<FileHandle | undefined>;
  /** Ends it; another download may go on with what is there. */
  leave(): Promise<void>;
}

/** Makes an empty one at a path; when it is whole it takes the other path. */
export async function createPart(path: string, whole: string, wanted: Wanted): Promise<Part> {
  const handle = await open(path, "wx+", 0o600);
  let hash = createHash("sha256");
  let size = 0;
  const part: Part = {
    size: () => size,
    async append(chunk) {
      hash.update(chunk);
      // Written by position, so that a child process that is given the file reads from its start.
      await handle.write(chunk, 0, chunk.length, size);
      size += chunk.length;
    },
    async restart() {
      hash = createHash("sha256");
      size = 0;
      await handle.truncate(0);
    },
    async finish() {
      if (size === wanted.size && hash.digest("hex") === wanted.sha256) {
        // Its name may have been taken away; it serves all the same, only not the next time.
        await rename(path, whole).catch(() => rm(path, { force: true }));
        return handle;
      }
      await part.restart();
      return undefined;
    },
    async leave() {
      await handle.close();
      if (size === 0) await rm(path, { force: true });
    },
  };
  return part;
}

import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";

/** Appends to one segment; what it reports as written survives a power cut. */
export interface SegmentWriter {
  /** Bytes that are durable. */
  size(): number;
  append(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Makes a new segment. Its name is durable too: the folder is synced. */
export async function createSegment(path: string): Promise<SegmentWriter> {
  const file = await open(path, "wx", 0o600);
  try {
    await syncDirectory(dirname(path));
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
  let size = 0;
  return {
    size: () => size,
    async append(bytes) {
      try {
        await writeAll(file, bytes, size);
        await file.datasync();
        size += bytes.length;
      } catch (thrown) {
        // Whoever emitted hears that it failed: it must not be sent by a later reader.
        await file.truncate(size).catch(() => undefined);
        throw thrown;
      }
    },
    close: () => file.close(),
  };
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const left = bytes.length - done;
    done += (await file.write(bytes, done, left, position + done)).bytesWritten;
  }
}

/** Makes names in a folder survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

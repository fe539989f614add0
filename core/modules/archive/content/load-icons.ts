import { createHash } from "node:crypto";
import type { ClientBase } from "pg";
import { Parser, type ReadEntry } from "tar";
import { asError, OperatorError } from "../../../errors.ts";
import type { ContentLoad, LoadedContent } from "./content-load.ts";

/** An icon of 64 pixels takes a few kilobytes; far more is something else. */
const LARGEST = 2 * 1024 * 1024;
/** Bytes of icons sent in one statement. */
const BATCH = 1024 * 1024;

interface Icon {
  name: string;
  sha256: string;
  content: Buffer;
}

/**
 * Reads an `icons-WIDTHxHEIGHT.tar`. Only the rows of icons that changed are touched. A name that
 * leads anywhere, and what is neither a file nor the folder itself, is refused.
 *
 * @throws OperatorError `BAD_ICON_ARCHIVE` that names the entry
 */
export async function loadIcons(load: ContentLoad): Promise<LoadedContent> {
  const { client, indexId, name } = load;
  const stored = await storedIcons(client, indexId);
  const seen = new Set<string>();
  let batch: Icon[] = [];
  let waiting = 0;
  async function send(): Promise<void> {
    if (batch.length > 0) await insert(client, indexId, batch);
    batch = [];
    waiting = 0;
  }
  for await (const icon of iconsOf(name, load.content)) {
    // Debian's archives name some icons twice, with the same content.
    if (seen.has(icon.name)) continue;
    seen.add(icon.name);
    const before = stored.get(icon.name);
    stored.delete(icon.name);
    if (before === icon.sha256) continue;
    batch.push(icon);
    waiting += icon.content.length;
    if (waiting > BATCH) await send();
  }
  await send();
  if (stored.size > 0) {
    await client.query("delete from software_icon where index_id = $1 and name = any($2)", [
      indexId,
      [...stored.keys()],
    ]);
  }
  return { entries: seen.size };
}

/** The icons in a tar stream; those of one chunk are in memory at a time. */
async function* iconsOf(name: string, content: AsyncIterable<Buffer>): AsyncGenerator<Icon> {
  const ready: Icon[] = [];
  let failure: Error | undefined;
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      try {
        collect(name, entry, (icon) => ready.push(icon));
      } catch (thrown) {
        failure ??= asError(thrown);
        entry.resume();
      }
    },
  });
  const ended = new Promise<void>((resolve) => {
    parser.once("end", resolve);
    parser.once("error", (error: Error) => {
      failure ??= bad(name, undefined, error.message);
      resolve();
    });
  });
  let begun = false;
  for await (const chunk of content) {
    // A tar without entries is nothing but zeros, which the library takes for no tar at all.
    begun ||= chunk.some((byte) => byte !== 0);
    if (!begun) continue;
    try {
      parser.write(chunk);
    } catch (thrown) {
      failure ??= bad(name, undefined, asError(thrown).message);
    }
    if (failure !== undefined) throw failure;
    yield* ready.splice(0);
  }
  if (!begun) return;
  parser.end();
  await ended;
  if (failure !== undefined) throw asError(failure);
  yield* ready.splice(0);
}

function collect(archive: string, entry: ReadEntry, take: (icon: Icon) => void): void {
  const name = entry.path.replace(/^\.\//, "");
  if (entry.type === "Directory" && name === "") {
    entry.resume();
    return;
  }
  if (entry.type !== "File" && entry.type !== "OldFile") {
    throw bad(archive, entry.path, `is no file but of the kind ${entry.type}`);
  }
  if (name === "" || /[/\\\0]/.test(name) || name === "." || name === "..") {
    throw bad(archive, entry.path, "leads out of the folder of icons");
  }
  if (entry.size > LARGEST) throw bad(archive, entry.path, "is larger than 2 MiB");
  const hash = createHash("sha256");
  const pieces: Buffer[] = [];
  entry.on("data", (piece) => {
    hash.update(piece);
    pieces.push(piece);
  });
  entry.on("end", () => take({ name, sha256: hash.digest("hex"), content: Buffer.concat(pieces) }));
}

async function storedIcons(client: ClientBase, indexId: number): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; sha256: string }>(
    "select name, sha256 from software_icon where index_id = $1",
    [indexId],
  );
  return new Map(rows.map((row) => [row.name, row.sha256]));
}

async function insert(client: ClientBase, indexId: number, icons: Icon[]): Promise<void> {
  await client.query(
    `insert into software_icon (index_id, name, sha256, content)
     select $1, * from unnest($2::text[], $3::text[], $4::bytea[])
     on conflict (index_id, name)
       do update set sha256 = excluded.sha256, content = excluded.content`,
    [
      indexId,
      icons.map((icon) => icon.name),
      icons.map((icon) => icon.sha256),
      icons.map((icon) => icon.content),
    ],
  );
}

function bad(archive: string, entry: string | undefined, fault: string): OperatorError {
  return new OperatorError(
    "BAD_ICON_ARCHIVE",
    entry === undefined
      ? `${archive} is no usable archive: ${fault}.`
      : `${archive}: the entry ${JSON.stringify(entry)} ${fault}.`,
    "Nothing of it was stored. Whoever publishes this file has to mend it.",
  );
}

import type { ClientBase } from "pg";
import { deleteContentIndices } from "../../../model/archive-removal.ts";
import type { MeteredWork, ProgressMeter } from "../../../operation/progress-meter.ts";
import type { IndexFile } from "../download.ts";
import { contentHash } from "../plan.ts";
import type { ContentLoad, LoadedContent } from "./content-load.ts";
import { loadCids } from "./load-cids.ts";
import { loadComponents } from "./load-components.ts";
import { loadIcons } from "./load-icons.ts";
import { loadTranslation } from "./load-translation.ts";
import type { ContentKind, PlannedContent } from "./plan-content.ts";
import { verifiedContent } from "./verified-content.ts";

/** A content file as it was last imported. */
export interface StoredContent {
  id: number;
  kind: ContentKind;
  component: string;
  variant: string;
  sha256: string;
  read_as: string;
}

/** The content that a suite is to have. */
export interface ContentWork {
  planned: PlannedContent[];
  /** Those of them to read. */
  due: PlannedContent[];
  /** Their files, as they come in; who takes one closes it. */
  files: AsyncIterable<[PlannedContent, IndexFile]>;
}

export interface ContentOptions {
  suite: { id: number; name: string };
  /** Read unchanged files too. */
  force: boolean;
  signal: AbortSignal;
  meter: ProgressMeter;
}

/** How many entries of each kind a suite has: `{ "translation en": 61486 }`. */
export type ContentCounts = Record<string, number>;

const LOADERS: Record<ContentKind, (load: ContentLoad) => Promise<LoadedContent>> = {
  translation: loadTranslation,
  components: loadComponents,
  cids: loadCids,
  icons: loadIcons,
};

export async function storedContent(client: ClientBase, suiteId: number): Promise<StoredContent[]> {
  const { rows } = await client.query<StoredContent>(
    `select id, kind, component, variant, sha256, read_as
       from content_index where suite_id = $1`,
    [suiteId],
  );
  return rows;
}

/** Whether a file is stored as the Release lists it. */
export function isContentStored(
  planned: PlannedContent,
  stored: readonly StoredContent[],
): boolean {
  return stored.some(
    (one) =>
      sameContent(one, planned) &&
      one.sha256 === contentHash(planned) &&
      one.read_as === planned.readAs,
  );
}

/**
 * Reads the fetched files and drops what is no longer wanted, in the transaction of the import.
 *
 * @throws OperatorError for everything that is wrong with a file
 */
export async function storeContent(
  client: ClientBase,
  work: ContentWork,
  options: ContentOptions,
): Promise<void> {
  const { suite, force, meter } = options;
  const stored = await storedContent(client, suite.id);
  const obsolete = stored.filter((one) => !work.planned.some((other) => sameContent(one, other)));
  // Another import may have stored some of them while this one fetched.
  const due = work.due.filter((planned) => force || !isContentStored(planned, stored));
  const reading = meter.begin(`${suite.name}: reading content`);
  for await (const [planned, file] of work.files) {
    try {
      if (due.includes(planned)) await readContent(client, planned, file, reading, options);
    } finally {
      await file.close();
    }
  }
  reading.end();
  await deleteContentIndices(obsolete.map((one) => one.id));
}

async function readContent(
  client: ClientBase,
  planned: PlannedContent,
  file: IndexFile,
  reading: MeteredWork,
  { suite, signal }: ContentOptions,
): Promise<void> {
  const indexId = await contentRow(client, suite.id, planned);
  const part = reading.part(planned.path, planned.plain?.size);
  let size = 0;
  const content = verifiedContent(planned, file, {
    signal,
    onBytes(bytes) {
      size += bytes;
      part.add(bytes);
    },
  });
  const load = { client, indexId, planned, name: file.url, content };
  const { entries, header } = await LOADERS[planned.kind](load).catch(async (thrown: unknown) => {
    await file.verify();
    throw thrown;
  });
  part.end();
  await client.query(
    `update content_index
        set path = $2, sha256 = $3, size = $4, entry_count = $5, read_as = $6, header = $7,
            imported_at = now()
      where id = $1`,
    [
      indexId,
      planned.path,
      contentHash(planned),
      size,
      entries,
      planned.readAs,
      header === undefined ? null : JSON.stringify(header),
    ],
  );
}

async function contentRow(
  client: ClientBase,
  suiteId: number,
  { kind, component, variant, path }: PlannedContent,
): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `insert into content_index (suite_id, kind, component, variant, path, sha256, size, entry_count)
     values ($1, $2, $3, $4, $5, '', 0, 0)
     on conflict (suite_id, kind, component, variant) do update set path = excluded.path
     returning id`,
    [suiteId, kind, component, variant, path],
  );
  const [row] = rows;
  if (row === undefined) throw new Error("a content file got no row");
  return row.id;
}

export async function contentCounts(client: ClientBase, suiteId: number): Promise<ContentCounts> {
  const { rows } = await client.query<{ what: string; count: number }>(
    `select case when kind = 'translation' then kind || ' ' || variant else kind end as what,
            sum(entry_count)::integer as count
       from content_index where suite_id = $1 group by what order by what`,
    [suiteId],
  );
  return Object.fromEntries(rows.map((row) => [row.what, row.count]));
}

function sameContent(
  a: Pick<StoredContent, "kind" | "component" | "variant">,
  b: Pick<StoredContent, "kind" | "component" | "variant">,
): boolean {
  return a.kind === b.kind && a.component === b.component && a.variant === b.variant;
}

import { hash as digest } from "node:crypto";
import type { ClientBase } from "pg";
import {
  type Dep11Component,
  type Dep11Header,
  parseDep11Component,
  parseDep11Header,
} from "../../../debian/dep11.ts";
import { yamlDocuments } from "../../../debian/yaml-documents.ts";
import { OperatorError } from "../../../errors.ts";
import type { ContentLoad, LoadedContent } from "./content-load.ts";

/** Rows sent in one statement; some documents are long, and all of them are in memory several times. */
const BATCH = 20;

/**
 * Reads a `Components-ARCHITECTURE.yml` document by document. An unchanged document is not even
 * parsed, and its row not touched.
 *
 * @throws OperatorError `MALFORMED_YAML`, `MALFORMED_DEP11`, with file and line
 */
export async function loadComponents(load: ContentLoad): Promise<LoadedContent> {
  const { client, indexId, name, planned } = load;
  const wanted = new Set(["C", ...planned.readAs.split(" ")]);
  let stored = new Map<string, string>();
  const seen = new Set<string>();
  let header: Dep11Header | undefined;
  let batch: object[] = [];
  for await (const document of yamlDocuments(name, load.content)) {
    if (header === undefined) {
      header = parseDep11Header(document, name);
      stored = await storedDocuments(client, load, header);
      continue;
    }
    const hash = digest("sha256", document.bytes, "hex").slice(0, 16);
    // The same document twice says nothing new.
    if (seen.has(hash)) continue;
    seen.add(hash);
    if (stored.delete(hash)) continue;
    const component = parseDep11Component(document, name, header);
    batch.push(rowOf(component, wanted, hash, document.bytes.toString("utf8")));
    if (batch.length < BATCH) continue;
    await insert(client, indexId, batch);
    batch = [];
  }
  if (header === undefined) throw withoutHeader(name);
  if (batch.length > 0) await insert(client, indexId, batch);
  if (stored.size > 0) {
    await client.query("delete from software_component where id = any($1)", [[...stored.values()]]);
  }
  return { entries: seen.size, header };
}

/** Ids of the stored documents by the hexadecimal digits of their hashes. */
async function storedDocuments(
  client: ClientBase,
  { indexId, planned }: ContentLoad,
  { mediaBaseUrl }: Dep11Header,
): Promise<Map<string, string>> {
  // Read for other languages, or below other media, each row would be another.
  await client.query(
    `delete from software_component using content_index i
      where index_id = $1 and i.id = $1
        and (i.read_as <> $2 or i.header ->> 'mediaBaseUrl' is distinct from $3)`,
    [indexId, planned.readAs, mediaBaseUrl ?? null],
  );
  const { rows } = await client.query<{ id: string; hash: string }>(
    `select id, encode(int8send(document_hash), 'hex') as hash
       from software_component where index_id = $1`,
    [indexId],
  );
  return new Map(rows.map((row) => [row.hash, row.id]));
}

function rowOf(
  component: Dep11Component,
  wanted: Set<string>,
  hash: string,
  document: string,
): object {
  return {
    // As a signed number, for that is what a bigint is.
    document_hash: BigInt.asIntN(64, BigInt(`0x${hash}`)).toString(),
    component_id: component.id,
    type: component.type,
    package_name: component.package ?? null,
    name: only(component.name, wanted),
    summary: only(component.summary, wanted),
    description: only(component.description, wanted),
    keywords: only(component.keywords, wanted),
    developer: component.developer ?? null,
    license: component.license ?? null,
    homepage: component.homepage ?? null,
    categories: component.categories,
    icons: component.icons,
    screenshots: component.screenshots.map((shot) => ({
      ...shot,
      caption: only(shot.caption, wanted),
    })),
    document,
  };
}

/** Texts in wanted languages, whose locales newer catalogues write with a hyphen: pt-BR. */
function only<Value>(texts: Record<string, Value>, wanted: Set<string>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(texts)
      .map(([locale, text]) => [locale.replace("-", "_"), text] as const)
      .filter(([locale]) => wanted.has(locale)),
  );
}

const COLUMNS = `document_hash bigint, component_id text, type text, package_name text, name jsonb,
  summary jsonb, description jsonb, keywords jsonb, developer text, license text, homepage text,
  categories text[], icons jsonb, screenshots jsonb, document text`;
const NAMES = COLUMNS.split(",")
  .map((column) => column.trim().split(" ")[0])
  .join(", ");

async function insert(client: ClientBase, indexId: number, rows: object[]): Promise<void> {
  await client.query(
    `insert into software_component (index_id, ${NAMES})
     select $1, ${NAMES} from json_to_recordset($2) as row(${COLUMNS})`,
    [indexId, JSON.stringify(rows)],
  );
}

function withoutHeader(name: string): OperatorError {
  return new OperatorError(
    "MALFORMED_DEP11",
    `${name} is empty: it has not even the header of a DEP-11 file.`,
    "Nothing of it was stored. Whoever publishes this file has to mend it.",
  );
}

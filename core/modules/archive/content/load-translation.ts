import { hash as digest } from "node:crypto";
import type { ClientBase } from "pg";
import { createStanzaScanner } from "../../../debian/deb822.ts";
import { fieldTable } from "../../../debian/field-table.ts";
import { requiredText, type Stanza, stanzaError } from "../../../debian/stanza.ts";
import { asError } from "../../../errors.ts";
import { createCopyEncoder } from "../../../database/copy-encoder.ts";
import { openCopy } from "../../../database/copy-stream.ts";
import type { ContentLoad, LoadedContent } from "./content-load.ts";

const TABLE = "package_description";
const COLUMNS = ["index_id", "md5", "text_hash", "summary", "description"];
const MD5 = 0;
const TEXT = 1;
const FLUSH_AT = 192 * 1024;

/**
 * Reads a Translation file: for each Description-md5 its text. Packages that share a description
 * stand in it once each with the same text, which is kept once. Later imports touch the rows of
 * changed texts only.
 *
 * @throws OperatorError `MALFORMED_STANZA` with file and line
 */
export async function loadTranslation(load: ContentLoad): Promise<LoadedContent> {
  const { client, indexId, name } = load;
  const stored = await storedTexts(client, indexId);
  const first = stored.size === 0;
  const table = first ? TABLE : await stageTable(client);
  const rows = createCopyEncoder();
  const seen = new Set<string>();
  const changed: string[] = [];
  const fields = fieldTable(["Description-md5", `Description-${load.planned.variant}`]);
  const scanner = createStanzaScanner(name, fields, (stanza) => {
    const md5 = md5Of(stanza);
    if (seen.has(md5)) return;
    seen.add(md5);
    const text = requiredText(stanza, TEXT);
    const hash = digest("sha256", text, "binary").slice(0, 8);
    const before = stored.get(md5);
    stored.delete(md5);
    if (before === hash) return;
    if (before !== undefined) changed.push(md5);
    const newline = text.indexOf("\n");
    rows.row(COLUMNS.length);
    rows.integer(indexId);
    rows.text(md5);
    rows.hash(hash);
    rows.text(newline < 0 ? text : text.slice(0, newline));
    if (newline < 0) rows.null();
    else rows.text(text.slice(newline + 1));
  });
  const copy = openCopy(client, table, COLUMNS);
  try {
    for await (const chunk of load.content) {
      scanner.write(chunk);
      if (rows.size() > FLUSH_AT) await copy.write(rows.take());
    }
    scanner.end();
    await copy.end(rows.finish());
  } catch (thrown) {
    await copy.abort(asError(thrown));
    throw thrown;
  }
  // What was not seen again is left in `stored`.
  if (!first) await merge(client, indexId, [...stored.keys(), ...changed]);
  return { entries: seen.size };
}

function md5Of(stanza: Stanza): string {
  const md5 = requiredText(stanza, MD5);
  if (/^[0-9a-f]{32}$/.test(md5)) return md5;
  throw stanzaError(stanza, `Description-md5 ${JSON.stringify(md5)} is no MD5`, MD5);
}

/** The hashes of an index's texts, a character for each of 8 bytes, by their md5. */
async function storedTexts(client: ClientBase, indexId: number): Promise<Map<string, string>> {
  // One value instead of a row each, as for packages.
  const { rows } = await client.query<{ texts: Buffer | null }>(
    `select string_agg(decode(md5, 'hex') || int8send(text_hash), ''::bytea) as texts
       from ${TABLE} where index_id = $1`,
    [indexId],
  );
  const texts = rows[0]?.texts ?? Buffer.alloc(0);
  const stored = new Map<string, string>();
  for (let at = 0; at < texts.length; at += 24) {
    stored.set(texts.toString("hex", at, at + 16), texts.toString("latin1", at + 16, at + 24));
  }
  return stored;
}

async function stageTable(client: ClientBase): Promise<string> {
  const stage = `${TABLE}_stage`;
  await client.query(`create temp table if not exists ${stage} (like ${TABLE}) on commit drop`);
  await client.query(`truncate ${stage}`);
  return stage;
}

async function merge(client: ClientBase, indexId: number, gone: string[]): Promise<void> {
  if (gone.length > 0) {
    await client.query(`delete from ${TABLE} where index_id = $1 and md5 = any($2)`, [
      indexId,
      gone,
    ]);
  }
  await client.query(`insert into ${TABLE} select * from ${TABLE}_stage`);
}

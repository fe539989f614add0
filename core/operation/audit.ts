import { createHash } from "node:crypto";
import { database, inTransaction } from "../database/connect.ts";
import { outsideTransaction } from "../database/transaction.ts";
import type { Caller } from "./declare.ts";

/** One decision: somebody asked for something, and what was answered. */
export interface Decision {
  caller: Caller;
  operation: string;
  arguments: Record<string, unknown>;
  decision: "allowed" | "refused";
  /** Which rule decided. */
  reason: string;
  operationId?: string;
}

/** Serialises writers, so that each record's hash covers the one before. */
const AUDIT_LOCK = 0x6c6b_6175;
const FIRST = "0".repeat(64);

interface Row {
  id: string;
  time: Date;
  caller: string;
  origin: string;
  room: string | null;
  operation: string;
  arguments: unknown;
  decision: string;
  reason: string;
  operation_id: string | null;
  previous_hash: string;
  hash: string;
}

/** Appends a decision to the audit, in a transaction of its own: a refusal must survive a rollback. */
export function recordDecision(decision: Decision): Promise<void> {
  return outsideTransaction(() => inTransaction(() => append(decision)));
}

async function append(decision: Decision): Promise<void> {
  await database().query("select pg_advisory_xact_lock($1)", [AUDIT_LOCK]);
  const [last] = await database().query<Row>("select id, hash from audit order by id desc limit 1");
  const row: Row = {
    id: String(BigInt(last?.id ?? "0") + 1n),
    time: new Date(),
    caller: decision.caller.name,
    origin: decision.caller.origin,
    room: decision.caller.room ?? null,
    operation: decision.operation,
    arguments: decision.arguments,
    decision: decision.decision,
    reason: decision.reason,
    operation_id: decision.operationId ?? null,
    previous_hash: last?.hash ?? FIRST,
    hash: "",
  };
  await database().query(
    `insert into audit (id, time, caller, origin, room, operation, arguments, decision, reason,
       operation_id, previous_hash, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      row.id,
      row.time,
      row.caller,
      row.origin,
      row.room,
      row.operation,
      JSON.stringify(row.arguments),
      row.decision,
      row.reason,
      row.operation_id,
      row.previous_hash,
      hashOf(row),
    ],
  );
}

/** The verdict on the whole chain: how many records, and the first that does not fit. */
export async function verifyAudit(): Promise<{ records: number; brokenAt: string | undefined }> {
  let previous = FIRST;
  let last = "0";
  let records = 0;
  for (;;) {
    const rows = await database().query<Row>(
      "select * from audit where id > $1 order by id limit 1000",
      [last],
    );
    if (rows.length === 0) return { records, brokenAt: undefined };
    for (const row of rows) {
      const follows = BigInt(row.id) === BigInt(last) + 1n && row.previous_hash === previous;
      if (!follows || row.hash !== hashOf(row)) return { records, brokenAt: row.id };
      previous = row.hash;
      last = row.id;
      records++;
    }
  }
}

function hashOf(row: Row): string {
  const text = JSON.stringify([
    row.id,
    row.time.toISOString(),
    row.caller,
    row.origin,
    row.room,
    row.operation,
    sorted(row.arguments),
    row.decision,
    row.reason,
    row.operation_id,
    row.previous_hash,
  ]);
  return createHash("sha256").update(text).digest("hex");
}

/** jsonb does not keep the order of keys, so the hash must not depend on it. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

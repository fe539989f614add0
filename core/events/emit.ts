import { currentTransaction } from "../database/transaction.ts";
import type { Log } from "../log.ts";
import { canonicalText, joinMembers, jsonbText, memberTexts } from "./canonical.ts";
import { type Catalogue, eventFaults } from "./catalogue.ts";
import { readEnvelope } from "./envelope.ts";
import { queueForForwarding } from "./forward-queue.ts";
import { type JournalEntry, storeEvents } from "./journal.ts";
import type { Keyring } from "./keyring.ts";
import { moduleOfTag, newEvent } from "./new-event.ts";
import { newSignatures, type SigningKey } from "./signature.ts";

export { moduleOfTag, newEvent };

/** What emitting needs to know; given once by the program, before anything emits. */
export interface Emitting {
  catalogue: Catalogue;
  keyring: Keyring;
  log: Log;
  /** What is emitted here goes on to the Lighthouses of `lighthouse.servers` (`forwarder`). */
  forward?: boolean;
}

let emitting: Emitting | undefined;
const warned = new Set<string>();

/** Sets with which keys and catalogue this program emits. */
export function setUpEmitting(given: Emitting): void {
  emitting = given;
  warned.clear();
}

/**
 * Announces something in the transaction that makes it true: both happen or neither. The event is
 * checked against its declaration, signed with the key of its module, and journalled; Lighthouse
 * publishes it and the hub tells people. Without a usable key it is journalled unsigned, and
 * carries only Lighthouse's signature on the bus, as the peer's job events do.
 *
 * @returns the uuid of the event
 * @throws Error outside a transaction, or when the data is not as declared: both are bugs
 */
export async function emitEvent(tag: string, data: Record<string, unknown>): Promise<string> {
  const [uuid] = await emitEvents([{ tag, data }]);
  if (uuid === undefined) throw new Error("one event in, none out");
  return uuid;
}

/** As `emitEvent`, for several at once; they keep their order. */
export async function emitEvents(
  events: readonly { tag: string; data: Record<string, unknown> }[],
): Promise<string[]> {
  const { uuids } = await emitEntries(events);
  return uuids;
}

type Emitted = Pick<LateEvent, "tag" | "data"> & Partial<LateEvent>;

async function emitEntries(events: readonly Emitted[]): Promise<{ uuids: string[]; new: number }> {
  if (emitting === undefined) throw new Error("emitEvent() before setUpEmitting()");
  if (currentTransaction() === undefined) throw new Error("emitEvent() outside inTransaction()");
  const { catalogue } = emitting;
  const entries = events.map((event) => {
    const { tag, data } = event;
    const faults = eventFaults(catalogue, tag, data);
    if (faults.length > 0) throw new Error(`cannot emit ${tag}: ${faults.join("; ")}`);
    return journalEntry(tag, data, signingKey(tag), event);
  });
  const ids = await storeEvents(entries, "local");
  if (emitting.forward === true) await queueForForwarding([...ids.values()]);
  return { uuids: entries.map((entry) => entry.uuid), new: ids.size };
}

/** Something that was not told when it happened. */
export interface LateEvent {
  tag: string;
  data: Record<string, unknown>;
  /** The same for everybody who tells it. */
  uuid: string;
  /** When it happened. */
  time: Date;
}

/**
 * As `emitEvents`, for what happened before; said to be recovered in their data, where signatures
 * cover it and everybody can read it.
 *
 * @returns how many of them nobody had told yet
 */
export async function emitRecovered(events: readonly LateEvent[]): Promise<number> {
  const stored = await emitEntries(
    events.map(({ data, ...event }) => ({ ...event, data: { ...data, recovered: true } })),
  );
  return stored.new;
}

/**
 * An event ready for the journal, signed if there is a key. Its members are rendered once, for the
 * signature, for the wire and for jsonb.
 */
export function journalEntry(
  tag: string,
  data: Record<string, unknown>,
  key: SigningKey | undefined,
  late: Partial<LateEvent> = {},
): JournalEntry {
  const event = newEvent(tag, data, undefined, late.uuid, late.time);
  const envelope = readEnvelope(event);
  if ("code" in envelope) throw new Error(`cannot emit ${tag}: ${envelope.reason}`);
  const { uuid, time } = envelope;
  const members = memberTexts(event);
  const jsonb = jsonbText(envelope.data, members.get("data"));
  if (key !== undefined) {
    const signatures = newSignatures(Buffer.from(joinMembers(members)), key);
    members.set("signatures", canonicalText(signatures));
  }
  const body = Buffer.from(joinMembers(members));
  return { uuid, tag, time, signer: key?.signer ?? null, body, data: Buffer.from(jsonb) };
}

function signingKey(tag: string): SigningKey | undefined {
  const module = moduleOfTag(tag);
  const key = emitting?.keyring.signingKey(module);
  if (key === undefined && !warned.has(module)) {
    warned.add(module);
    emitting?.log.warn({ module }, "no key to sign events with; only Lighthouse will sign them");
  }
  return key;
}

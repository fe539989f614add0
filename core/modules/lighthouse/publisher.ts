import { Publisher } from "zeromq";
import { createAlarm } from "../../alarm.ts";
import { database, inTransaction } from "../../database/connect.ts";
import { wireText } from "../../events/envelope.ts";
import { isObject, JsonNumber, type JsonObject, parseJson } from "../../events/json.ts";
import type { Keyring } from "../../events/keyring.ts";
import { type SigningKey, signObject } from "../../events/signature.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { bindSocket } from "./bind.ts";
import type { LighthouseCounts } from "./counts.ts";

export interface PublisherOptions {
  endpoints: readonly string[];
  keyring: Keyring;
  counts: LighthouseCounts;
  log: Log;
}

/** Sends what the journal holds and nobody has published yet. */
export interface EventPublisher {
  /** @returns the endpoints as bound, port numbers filled in */
  start(): Promise<string[]>;
  stop(): Promise<void>;
  /** New events may be there: look now instead of at the next poll. */
  wake: () => void;
}

interface Unpublished {
  id: string;
  body: string;
}

const POLL_MS = 1_000;
const BATCH = 500;
/**
 * Kept for each subscriber that reads slowly, about 100 MB at worst; beyond it ZeroMQ drops for
 * that subscriber. Its default of 1000 is less than one import makes at once.
 */
const SEND_HIGH_WATER_MARK = 50_000;

/**
 * Publishes in the order of the journal, each event at least once: a crash between sending and
 * marking sends it again, and subscribers know it by its uuid. One publisher works at a time,
 * however many share the database.
 */
export function createPublisher(options: PublisherOptions): EventPublisher {
  const { counts, keyring, log } = options;
  const sockets: Publisher[] = [];
  const alarm = createAlarm();
  let stopped = false;
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    for (;;) {
      // Read before looking, so that what was journalled before the stop still goes out.
      const last = stopped;
      const more = await publishSafely();
      if (last) return;
      if (!more) await alarm.wait(POLL_MS);
    }
  }

  /** True when there is probably more to publish. */
  async function publishSafely(): Promise<boolean> {
    try {
      return (await publishBatch()) === BATCH;
    } catch (thrown) {
      log.error({ err: asError(thrown) }, "cannot publish events");
      return false;
    }
  }

  function publishBatch(): Promise<number> {
    return inTransaction(async () => {
      const rows = await takeUnpublished();
      const key = keyring.signingKey("lighthouse");
      if (rows.length === 0 || sockets.length === 0) return 0;
      if (key === undefined) throw new Error("Lighthouse has lost its key and cannot sign");
      for (const row of rows) await publish(row, key);
      await database().query("update event set published_at = now() where id = any($1::bigint[])", [
        rows.map((row) => row.id),
      ]);
      counts.published += rows.length;
      return rows.length;
    });
  }

  async function publish(row: Unpublished, key: SigningKey): Promise<void> {
    const event = parseJson(row.body);
    const tag = isObject(event) ? event.get("tag") : undefined;
    if (!isObject(event) || typeof tag !== "string") {
      log.error({ id: row.id }, "the journal holds what is no event");
      return;
    }
    const frames = [tag, wireText(numbered(signObject(event, key), row.id))];
    for (const socket of sockets) await socket.send(frames);
  }

  return {
    async start() {
      for (const endpoint of options.endpoints) {
        const socket = new Publisher({
          sendHighWaterMark: SEND_HIGH_WATER_MARK,
          ipv6: true,
          linger: 1_000,
        });
        sockets.push(socket);
        await bindSocket(socket, endpoint, "lighthouse.publish");
      }
      loop = run();
      return sockets.map((socket) => socket.lastEndpoint ?? "");
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await loop;
      for (const socket of sockets.splice(0)) socket.close();
    },
    wake: () => alarm.ring(),
  };
}

/** The oldest unpublished events, or none while another publisher is at work. */
async function takeUnpublished(): Promise<Unpublished[]> {
  const [lock] = await database().query<{ got: boolean }>(
    "select pg_try_advisory_xact_lock(hashtextextended('lighthouse:publish', 0)) as got",
  );
  if (lock?.got !== true) return [];
  return database().query<Unpublished>(
    "select id, body from event where published_at is null order by id limit $1",
    [BATCH],
  );
}

/**
 * The event with its journal number beside what the signatures cover. What a submitter had put
 * there stays, but for a number of its own.
 */
function numbered(event: JsonObject, id: string): JsonObject {
  const given = event.get("unsigned");
  const unsigned: JsonObject = new Map(isObject(given) ? given : []);
  unsigned.set("sequence", new JsonNumber(id));
  return new Map(event).set("unsigned", unsigned);
}

import { join } from "node:path";
import type pg from "pg";
import { createAlarm } from "../alarm.ts";
import { database } from "../database/connect.ts";
import { createListener } from "../database/listen.ts";
import { asError } from "../errors.ts";
import type { Service } from "../service.ts";
import { wireText } from "./envelope.ts";
import { forgetForwarded, type UnforwardedEvent, unforwardedEvents } from "./forward-queue.ts";
import { JOURNAL_CHANNEL } from "./journal.ts";
import { isObject, parseJson } from "./json.ts";
import { tryLane } from "./producer/lane.ts";
import { openProducerOn, type Producer, type ProducerOptions } from "./producer/producer.ts";
import { type SigningKey, signObject } from "./signature.ts";

export interface ForwarderOptions extends Omit<ProducerOptions, "key"> {
  log: NonNullable<ProducerOptions["log"]>;
  key: (tag: string) => SigningKey | undefined;
}

const BATCH = 500;
const LOOK_MS = 2_000;
/** Session lock: one forwarder of a database at a time, or two spools would mix the order. */
const LOCK = "select pg_try_advisory_lock(hashtextextended('event:forward', 0)) as got";

/**
 * Brings the events that this database's programs emitted to the Lighthouses of other machines, in
 * the order of the journal. Events that were heard or submitted are not ours to tell, so nothing
 * goes in circles. An event leaves the queue when it is in the spool, so none is lost and some are
 * sent twice; their uuid tells.
 */
export function createForwarder(options: ForwarderOptions): Service {
  const { log } = options;
  const alarm = createAlarm();
  const listener = createListener({ [JOURNAL_CHANNEL]: alarm.ring }, log);
  let stopped = false;
  let loop: Promise<void> = Promise.resolve();
  let lock: pg.Client | undefined;
  let producer: Producer | undefined;

  async function run(): Promise<void> {
    while (!stopped) {
      let more = false;
      try {
        more = (await holdLock()) && (await forward()) === BATCH;
      } catch (thrown) {
        log.error({ err: asError(thrown) }, "cannot forward events");
      }
      if (!more) await alarm.wait(LOOK_MS);
    }
  }

  async function holdLock(): Promise<boolean> {
    if (lock !== undefined) return true;
    const client = await database().client();
    client.on("error", () => undefined);
    client.once("end", () => {
      if (lock === client) lock = undefined;
    });
    const { rows } = await client.query<{ got: boolean }>(LOCK);
    if (rows[0]?.got === true) lock = client;
    else await client.end();
    return lock !== undefined;
  }

  /** @returns how many went on */
  async function forward(): Promise<number> {
    producer ??= openOwnLane();
    if (producer === undefined) return 0;
    const events = await unforwardedEvents(BATCH);
    const signed: { id: string; text: string }[] = [];
    for (const event of events) {
      const text = signedText(event, options.key);
      if (text === undefined) {
        log.warn({ tag: event.tag }, "events wait for a key to be signed with");
        break;
      }
      signed.push({ id: event.id, text });
    }
    if (signed.length === 0) return 0;
    await producer.append(signed.map(({ text }) => text));
    await forgetForwarded(signed.map(({ id }) => id));
    return signed.length;
  }

  /** Always the same lane, so that what is left in it goes first; undefined while it is flushed. */
  function openOwnLane(): Producer | undefined {
    const lane = tryLane(join(options.spool, "lane-001"));
    return lane && openProducerOn(lane, options);
  }

  return {
    name: "forwarder",
    async start() {
      await listener.start();
      loop = run();
    },
    async stop() {
      stopped = true;
      alarm.ring();
      await loop;
      await listener.stop();
      await lock?.end().catch(() => undefined);
      await producer?.close();
    },
  };
}

/** Others know nothing of a Lighthouse that would sign for us: without a key nothing goes out. */
function signedText(
  { body, signer, tag }: UnforwardedEvent,
  keyOf: ForwarderOptions["key"],
): string | undefined {
  if (signer !== null) return body;
  const key = keyOf(tag);
  const event = parseJson(body);
  if (key === undefined || !isObject(event)) return undefined;
  return wireText(signObject(event, key));
}

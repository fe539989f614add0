import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "../../errors.ts";
import { type Log, silentLog } from "../../log.ts";
import { readEnvelope, wireText } from "../envelope.ts";
import { readKeyFile } from "../key-file.ts";
import { newEvent } from "../new-event.ts";
import type { SigningKey } from "../signature.ts";
import { MAX_EVENT_BYTES } from "../verify.ts";
import { type Outcome, type Patience, startDelivery } from "./delivery.ts";
import { type Lane, takeLane } from "./lane.ts";
import { createAcknowledgingServers } from "./servers.ts";
import { openSpool } from "./spool.ts";

export interface ProducerOptions {
  /** Folder of the spool, made with mode 0700. One for each program that minds its order. */
  spool: string;
  /** Submit endpoints of Lighthouses, the preferred one first; none: only spool. */
  servers: readonly string[];
  /** A secret key file of Laniakea's format, a key, or the key for each tag. */
  key: string | SigningKey | ((tag: string) => SigningKey | undefined);
  /** Hears what became of each event. */
  onOutcome?: (outcome: Outcome) => void;
  log?: Log;
  /** The most that may wait, in bytes: 256 MiB by default. */
  limitBytes?: number;
  patience?: Partial<Patience>;
}

/** Emits events from wherever there is no database, and loses none. */
export interface Producer {
  /**
   * Signs an event and puts it on disk; it goes to a Lighthouse by itself, in the order of the
   * calls, as soon as there is one.
   *
   * A program that cannot know after a crash whether it had emitted something says it again with
   * the uuid (version 1) that it had noted before: a Lighthouse accepts each uuid once.
   *
   * @returns its uuid, once a power cut could not lose it
   * @throws OperatorError `SPOOL_FULL`, `SPOOL_WRITE`, `EVENT_DATA`, `KEY_MISSING`: it was not kept
   */
  emit(tag: string, data: Record<string, unknown>, uuid?: string): Promise<string>;
  /** As `emit`, for events that were signed already: their wire text. */
  append(texts: readonly string[]): Promise<void>;
  /** Waits until all was delivered, so many milliseconds at most. @returns whether it was */
  drain(within: number): Promise<boolean>;
  /** Stops sending. What is not delivered stays in the spool for the next who opens it. */
  close(): Promise<void>;
}

const LOOK_MS = 20;
/** For acknowledgements under way when a program ends. */
const CLOSE_MS = 1_000;

/** Opens a spool, sends what is left in it, and takes more. */
export function openProducer(options: ProducerOptions): Producer {
  return openProducerOn(takeLane(options.spool), options);
}

/** As `openProducer`, on a lane of the spool that is ours already. */
export function openProducerOn(lane: Lane, options: ProducerOptions): Producer {
  const log = options.log ?? silentLog();
  const keyFor = keySource(options.key);
  let closing: Promise<void> | undefined;
  const spool = openSpool({ lane, log, ...limitOf(options) });
  const delivery =
    options.servers.length === 0
      ? undefined
      : startDelivery({
          spool,
          servers: options.servers,
          acknowledging: createAcknowledgingServers(options.spool),
          onOutcome: options.onOutcome,
          log,
          patience: options.patience ?? {},
        });

  async function append(texts: readonly string[]): Promise<void> {
    await spool.append(texts);
    delivery?.wake();
  }

  async function close(): Promise<void> {
    await delivery?.stop(CLOSE_MS);
    await spool.close();
  }

  return {
    append,
    async emit(tag, data, uuid) {
      const event = signedEvent(tag, data, { key: keyFor(tag), uuid });
      await append([event.text]);
      return event.uuid;
    },
    async drain(within) {
      const until = performance.now() + within;
      while (!spool.empty()) {
        if (performance.now() > until) return false;
        await sleep(LOOK_MS);
      }
      return true;
    },
    close: () => (closing ??= close()),
  };
}

/** @throws OperatorError `EVENT_DATA`, `KEY_MISSING` */
function signedEvent(
  tag: string,
  data: Record<string, unknown>,
  { key, uuid }: { key: SigningKey | undefined; uuid: string | undefined },
): { uuid: string; text: string } {
  if (key === undefined) {
    throw new OperatorError("KEY_MISSING", `There is no key to sign ${tag} with.`);
  }
  const event = newEvent(tag, data, key, uuid);
  const envelope = readEnvelope(event);
  if ("code" in envelope) throw dataError(tag, envelope.reason);
  const text = wireText(event);
  if (Buffer.byteLength(text) > MAX_EVENT_BYTES) {
    throw dataError(tag, `it is longer than ${MAX_EVENT_BYTES} bytes`);
  }
  return { uuid: envelope.uuid, text };
}

function dataError(tag: string, reason: string): OperatorError {
  return new OperatorError("EVENT_DATA", `This is no ${tag}: ${reason}.`);
}

function keySource(key: ProducerOptions["key"]): (tag: string) => SigningKey | undefined {
  if (typeof key === "function") return key;
  const signing = typeof key === "string" ? readKeyFile(key).signingKey : key;
  return () => signing;
}

function limitOf({ limitBytes }: ProducerOptions): { limitBytes?: number } {
  return limitBytes === undefined ? {} : { limitBytes };
}

import { setTimeout as sleep } from "node:timers/promises";
import { asError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Service } from "../service.ts";
import { CatchUp } from "./catch-up.ts";
import type { Keyring } from "./keyring.ts";
import { type Position, readPosition } from "./published.ts";
import type { ReplayPage } from "./replay.ts";
import { createReplayClient, type ReplayClient } from "./replay-client.ts";
import { createSubscriber } from "./subscriber.ts";
import type { FrameVerdict } from "./verify.ts";

/** How to reach a Lighthouse. */
export interface LighthouseAddress {
  publish: string;
  /** Nothing that was missed can be asked for without it. The Python Lighthouse has none. */
  replay?: string | undefined;
}

/** Something of the bus, decided on. */
export interface Heard {
  /** The endpoint it came in by; of a replay, the id of the Lighthouse. */
  source: string;
  channel: "bus" | "replay";
  /** Without them only the position is news. */
  bytes?: Buffer;
  verdict?: FrameVerdict;
  /** Up to here, this one included, everything of that Lighthouse was handed on. */
  position?: Position;
}

/** How a Lighthouse is heard. */
export interface Source {
  endpoint: string;
  /** Its id, once it said so. */
  lighthouse: string | undefined;
  /** When it was last known to be there; undefined before the first time. */
  alive: Date | undefined;
  /** Events that were gone when we asked for them. */
  lost: number;
}

export interface FollowerOptions {
  lighthouses: readonly LighthouseAddress[];
  keyring: Keyring;
  decide: (bytes: Buffer, channel: "bus" | "replay") => FrameVerdict;
  /** Where we stopped the last time. A Lighthouse without a position is heard from now on. */
  load?: () => Promise<readonly Position[]>;
  /** The Lighthouse of our own database: what it publishes is in the journal already. */
  own?: () => Promise<string | undefined>;
  /** Takes what was heard. Reading waits for it; it must not throw. */
  onHeard: (heard: Heard) => void | Promise<void>;
  log: Log;
  /** A Lighthouse that says nothing for so long is asked whether we missed something. */
  askAfterMs?: number;
}

/** Listens to Lighthouses and misses nothing that they still have. */
export interface Follower extends Service {
  sources(): Source[];
  /** Resolves when no gap is known. */
  settled(): Promise<void>;
}

interface Watched extends LighthouseAddress {
  client: ReplayClient | undefined;
  lighthouse: string | undefined;
  alive: number | undefined;
  connected: boolean;
}

const ASK_AFTER_MS = 5_000;

/**
 * A subscriber that verifies for itself, hands on the events of each Lighthouse in their order and
 * once, and fills what is missing between them or since the last time. Which events of several
 * Lighthouses are the same is for the reader to tell, by uuid.
 */
export function createFollower(options: FollowerOptions): Follower {
  const { decide, keyring, log } = options;
  const stopping = new AbortController();
  const watched: Watched[] = options.lighthouses.map((address) => ({
    ...address,
    client: undefined,
    lighthouse: undefined,
    alive: undefined,
    connected: false,
  }));
  const catchUps = new Map<string, CatchUp>();
  let own: string | undefined;
  let loops: Promise<void>[] = [];
  let handing: Promise<void> = Promise.resolve();

  const subscriber = createSubscriber({
    endpoints: watched.map(({ publish }) => publish),
    onFrame,
    onMisshapen: (frames, source) => void onFrame(Buffer.concat(frames), source),
    onConnection(endpoint, connected) {
      note(endpoint);
      for (const one of watched) if (one.publish === endpoint) one.connected = connected;
    },
    log,
  });

  /** One after the other, so that a position is never handed on before what is below it. */
  function hand(heard: Heard): Promise<void> {
    handing = handing
      .then(() => options.onHeard(heard))
      .catch((thrown: unknown) => {
        log.error({ err: asError(thrown), source: heard.source }, "cannot take in a bus message");
      });
    return handing;
  }

  async function onFrame(bytes: Buffer, source: string): Promise<void> {
    const position = readPosition(bytes);
    note(source, position?.lighthouse);
    if (position !== undefined && position.lighthouse === own) return;
    const verdict = decide(bytes, "bus");
    const heard: Heard = { source, channel: "bus", bytes, verdict };
    if (!verdict.accepted || position === undefined) return hand(heard);
    const { lighthouse, sequence } = position;
    await catchUpWith(lighthouse, sequence - 1).take(heard, sequence);
  }

  function note(endpoint: string, lighthouse?: string): void {
    const one = watched.find(({ publish }) => publish === endpoint);
    if (one === undefined) return;
    one.alive = Date.now();
    one.lighthouse = lighthouse ?? one.lighthouse;
  }

  function catchUpWith(lighthouse: string, heard: number): CatchUp {
    const known = catchUps.get(lighthouse);
    if (known !== undefined) return known;
    const fresh = new CatchUp({
      lighthouse,
      heard,
      canAsk: () => clientsOf(lighthouse).length > 0,
      ask: (from) => askOne(lighthouse, from),
      decide: (bytes) => decide(bytes, "replay"),
      hand,
      signal: stopping.signal,
      log,
    });
    catchUps.set(lighthouse, fresh);
    return fresh;
  }

  /** Those that serve a Lighthouse's replay, and those of which we do not know yet. */
  function clientsOf(lighthouse: string): Watched[] {
    return watched.filter((one) => one.client && (one.lighthouse ?? lighthouse) === lighthouse);
  }

  async function askOne(lighthouse: string, from: number): Promise<ReplayPage> {
    let failure = new Error("it has no replay endpoint");
    for (const one of clientsOf(lighthouse)) {
      try {
        const page = await one.client?.ask({ from });
        if (page !== undefined) note(one.publish, page.lighthouse);
        if (page?.lighthouse === lighthouse) return page;
      } catch (thrown) {
        failure = asError(thrown);
      }
    }
    throw failure;
  }

  /** Asks a Lighthouse how far it is: at the start, and whenever it is quiet. */
  async function watch(one: Watched): Promise<void> {
    let quiet = false;
    for (let asked = 0; !stopping.signal.aborted;) {
      if ((one.alive ?? 0) <= asked) {
        try {
          await compare(one);
          quiet = false;
        } catch (thrown) {
          const reason = asError(thrown).message;
          if (!quiet) log.warn({ endpoint: one.replay, reason }, "a Lighthouse does not answer");
          quiet = true;
        }
      }
      asked = Date.now();
      const wait = options.askAfterMs ?? ASK_AFTER_MS;
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function compare(one: Watched): Promise<void> {
    const state = await one.client?.ask({ limit: 0 });
    if (state === undefined || stopping.signal.aborted) return;
    const { lighthouse, newest } = state;
    note(one.publish, lighthouse);
    if (lighthouse === own) return;
    if (catchUps.has(lighthouse)) return catchUpWith(lighthouse, 0).compare(state);
    catchUpWith(lighthouse, newest);
    // So that a restart goes on from here, even if nothing comes before it.
    await hand({
      source: one.publish,
      channel: "replay",
      position: { lighthouse, sequence: newest },
    });
  }

  return {
    name: "bus",
    async start() {
      own = await options.own?.();
      for (const { lighthouse, sequence } of (await options.load?.()) ?? []) {
        catchUpWith(lighthouse, sequence);
      }
      // Listening first: what is published while we ask is not missed.
      await subscriber.start();
      for (const one of watched) {
        if (one.replay === undefined) continue;
        one.client = createReplayClient({ endpoint: one.replay, keyring });
        loops.push(watch(one));
      }
    },
    async stop() {
      stopping.abort();
      for (const { client } of watched) client?.close();
      await subscriber.stop();
      await Promise.all(loops);
      loops = [];
      for (const catchUp of catchUps.values()) await catchUp.settled();
      await handing;
    },
    sources: () =>
      watched.map((one) => ({
        endpoint: one.publish,
        lighthouse: one.lighthouse,
        alive: aliveAt(one),
        lost: catchUps.get(one.lighthouse ?? "")?.progress().lost ?? 0,
      })),
    async settled() {
      for (const catchUp of catchUps.values()) await catchUp.settled();
      await handing;
    },
  };
}

/** Who cannot be asked counts as alive while the connection lasts. */
function aliveAt({ alive, client, connected }: Watched): Date | undefined {
  if (client === undefined && connected) return new Date();
  return alive === undefined ? undefined : new Date(alive);
}

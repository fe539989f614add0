import { Dealer } from "zeromq";
import { OperatorError } from "../errors.ts";
import type { Keyring } from "./keyring.ts";
import { readReplay, type ReplayPage, type ReplayRequest } from "./replay.ts";

export interface ReplayClientOptions {
  /** A Lighthouse's replay endpoint. */
  endpoint: string;
  keyring: Keyring;
  /** Whose key we connect with; that for all modules otherwise. */
  module?: string;
  /** Milliseconds that an answer may take. */
  patience?: number;
}

/** Asks one Lighthouse for what it published. */
export interface ReplayClient {
  endpoint: string;
  /**
   * One page. Calls take turns.
   *
   * @throws OperatorError `REPLAY_UNREACHABLE` when no answer comes; `KEY_MISSING`, and those of
   * `readReplay`
   */
  ask(request: ReplayRequest): Promise<ReplayPage>;
  close(): void;
}

const PATIENCE_MS = 5_000;
/** A handshake with a wrong key never ends; with the right one it takes no time. */
const HANDSHAKE_MS = 2_000;

/**
 * Connects with CURVE: with our own key, and to the key of a Lighthouse that we trust. Which one
 * serves the endpoint is not written anywhere, so those we trust are tried in turn, first those
 * that are called Lighthouse; the one that answers is kept.
 */
export function createReplayClient(options: ReplayClientOptions): ReplayClient {
  const { endpoint, keyring, patience = PATIENCE_MS } = options;
  let socket: Dealer | undefined;
  let serverKey: string | undefined;
  let count = 0;
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();

  /** One request at a time, as the server wants it. */
  function ask(request: ReplayRequest): Promise<ReplayPage> {
    const answer = turn.then(() => askAny(request));
    turn = answer.catch(() => undefined);
    return answer;
  }

  async function askAny(request: ReplayRequest): Promise<ReplayPage> {
    if (closed) throw new Error("the replay client is closed");
    const candidates = serverKey === undefined ? serverKeys(keyring) : [serverKey];
    for (const candidate of candidates) {
      const page = await askWith(candidate, request);
      if (page === undefined) continue;
      serverKey = candidate;
      return page;
    }
    // It may have got another key.
    serverKey = undefined;
    throw new OperatorError(
      "REPLAY_UNREACHABLE",
      `No Lighthouse that we trust answers at ${endpoint}.`,
      "Check that it runs, that its key is trusted here, and that ours is trusted there.",
    );
  }

  /** @returns undefined when nothing comes */
  async function askWith(key: string, request: ReplayRequest): Promise<ReplayPage | undefined> {
    const id = String(++count);
    try {
      socket ??= connect(key);
      await socket.send(JSON.stringify({ ...request, id }));
      for (;;) {
        const page = readReplay(await socket.receive(), id);
        if (page !== undefined) return page;
      }
    } catch (thrown) {
      if (closed || (thrown as NodeJS.ErrnoException).code !== "EAGAIN") throw thrown;
      disconnect();
      return undefined;
    }
  }

  function connect(key: string): Dealer {
    const pair = keyring.curvePair(options.module ?? "general");
    if (pair === undefined) {
      throw new OperatorError(
        "KEY_MISSING",
        "There is no key here with a CURVE pair to connect with.",
        "Make one and install it: key new ID, then key install general ID.key_secret",
      );
    }
    const fresh = new Dealer({
      curveServerKey: key,
      curvePublicKey: pair.publicKey,
      curveSecretKey: pair.secretKey,
      // Waits for the handshake instead of queueing into nothing.
      immediate: true,
      sendTimeout: Math.min(HANDSHAKE_MS, patience),
      receiveTimeout: patience,
      ipv6: true,
      linger: 0,
    });
    fresh.connect(endpoint);
    return fresh;
  }

  function disconnect(): void {
    socket?.close();
    socket = undefined;
  }

  return {
    endpoint,
    ask,
    close() {
      closed = true;
      disconnect();
    },
  };
}

function serverKeys(keyring: Keyring): string[] {
  const keys = keyring
    .trusted()
    .flatMap(({ key }) =>
      key.curve === undefined ? [] : [{ id: key.id, publicKey: key.curve.publicKey }],
    );
  const called = keys.filter(({ id }) => /lighthouse/i.test(id));
  const others = keys.filter((one) => !called.includes(one));
  return [...called, ...others].map(({ publicKey }) => publicKey);
}

import { Context, Router } from "zeromq";
import type { z } from "zod";
import { type Authenticator, createAuthenticator } from "../../events/authenticator.ts";
import type { Keyring } from "../../events/keyring.ts";
import { publishedEvent } from "../../events/published.ts";
import { ReplayRequest, type ReplayState } from "../../events/replay.ts";
import { replayPage } from "../../events/replay-page.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { bindSocket } from "./bind.ts";
import type { LighthouseCounts } from "./counts.ts";

export interface ReplayServerOptions {
  endpoints: readonly string[];
  keyring: Keyring;
  counts: LighthouseCounts;
  log: Log;
}

/** Answers subscribers that missed something; see `core/events/replay.ts` for the protocol. */
export interface ReplayServer {
  /** @returns the endpoints as bound, port numbers filled in */
  start(): Promise<string[]>;
  stop(): Promise<void>;
}

const MAX_REQUEST_BYTES = 4_096;
/** Pages that wait for one client to read; further ones are dropped, and it asks again. */
const SEND_HIGH_WATER_MARK = 4;
/** Answers that are made at once, however many clients ask. */
const LANES = 3;

/**
 * Serves replay on sockets with CURVE: the server's key is Lighthouse's, and only clients whose
 * keys are trusted get in. A client has one request at a time, and nobody waits for one that does
 * not read its answers.
 */
export function createReplayServer(options: ReplayServerOptions): ReplayServer {
  const { counts, keyring, log } = options;
  const sockets: Router[] = [];
  const lanes: Promise<void>[] = Array.from({ length: LANES }, () => Promise.resolve());
  const asking = new Set<string>();
  let authenticator: Authenticator | undefined;
  let arrivals = 0;
  let loops: Promise<void>[] = [];

  async function listen(socket: Router): Promise<void> {
    for await (const frames of socket) {
      const [client, ...rest] = frames;
      if (client !== undefined) take(socket, client, rest);
    }
  }

  function take(socket: Router, client: Buffer, frames: Buffer[]): void {
    // REQ sockets put an empty frame first and want it back.
    const route = frames.length > 1 && frames[0]?.length === 0 ? [client, ""] : [client];
    const [text] = frames.slice(route.length - 1);
    const name = client.toString("hex");
    if (asking.has(name)) {
      reply(socket, route, [failure("one request at a time", text)]);
      return;
    }
    asking.add(name);
    const lane = arrivals++ % LANES;
    lanes[lane] = answerAfter(lanes[lane]);

    async function answerAfter(others: Promise<void> | undefined): Promise<void> {
      await others;
      const page = await answer(text);
      asking.delete(name);
      reply(socket, route, page);
    }
  }

  async function answer(text: Buffer | undefined): Promise<string[]> {
    const request = readRequest(text);
    if (typeof request === "string") return [failure(request, text)];
    const key = keyring.signingKey("lighthouse");
    if (key === undefined) return [failure("Lighthouse has lost its key", text)];
    try {
      const { events, ...state } = await replayPage(request);
      const head: ReplayState = request.id === undefined ? state : { id: request.id, ...state };
      const texts = events.map(({ sequence, body }) => {
        const position = { lighthouse: state.lighthouse, sequence };
        return publishedEvent(body, key, position)?.text;
      });
      counts.replayed += texts.length;
      return [JSON.stringify(head), ...texts.filter((one) => one !== undefined)];
    } catch (thrown) {
      log.error({ err: asError(thrown) }, "cannot replay");
      return [failure("the journal cannot be read now", text)];
    }
  }

  function reply(socket: Router, route: (Buffer | string)[], frames: string[]): void {
    if (!socket.closed) socket.send([...route, ...frames]).catch(() => undefined);
  }

  return {
    async start() {
      if (options.endpoints.length === 0) return [];
      const pair = keyring.curvePair("lighthouse");
      if (pair === undefined) {
        log.warn("no replay: Lighthouse's key has no CURVE pair");
        return [];
      }
      const context = new Context();
      const admit = (_domain: string, key: string) => isTrusted(keyring, key);
      authenticator = createAuthenticator({ context, admit, log });
      await authenticator.start();
      for (const endpoint of options.endpoints) {
        const socket = new Router({
          curveServer: true,
          curveSecretKey: pair.secretKey,
          // Without a domain nobody would be asked who may come in.
          zapDomain: "replay",
          context,
          maxMessageSize: MAX_REQUEST_BYTES,
          sendHighWaterMark: SEND_HIGH_WATER_MARK,
          sendTimeout: 0,
          ipv6: true,
          linger: 500,
        });
        sockets.push(socket);
        await bindSocket(socket, endpoint, "lighthouse.replay");
        loops.push(
          listen(socket).catch((thrown: unknown) => {
            log.error({ err: asError(thrown) }, "replay met a bug");
          }),
        );
      }
      return sockets.map((socket) => socket.lastEndpoint ?? "");
    },
    async stop() {
      for (const socket of sockets.splice(0)) socket.close();
      await Promise.all([...loops, ...lanes]);
      loops = [];
      authenticator?.stop();
      authenticator = undefined;
    },
  };
}

function isTrusted(keyring: Keyring, publicKey: string): boolean {
  return keyring.trusted().some(({ key }) => key.curve?.publicKey === publicKey);
}

/** A request, or what is wrong with it. */
function readRequest(text: Buffer | undefined): z.output<typeof ReplayRequest> | string {
  let given: unknown;
  try {
    given = JSON.parse(text?.toString() ?? "");
  } catch {
    return "the request is not JSON";
  }
  const request = ReplayRequest.safeParse(given);
  return request.success ? request.data : `the request is wrong: ${firstFault(request.error)}`;
}

function firstFault({ issues }: z.ZodError): string {
  const [issue] = issues;
  return `${issue?.path.join(".") || "it"}: ${issue?.message ?? "unreadable"}`;
}

function failure(error: string, request: Buffer | undefined): string {
  const id = /"id"\s*:\s*"([\w-]{1,64})"/.exec(request?.toString("latin1") ?? "")?.[1];
  return JSON.stringify(id === undefined ? { error } : { id, error });
}

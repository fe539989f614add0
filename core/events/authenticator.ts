import { type Context, Router } from "zeromq";
import type { Log } from "../log.ts";
import { z85 } from "./z85.ts";

/** ZeroMQ asks here, and nowhere else, whether a connection is let in (RFC 27, ZAP). */
const ENDPOINT = "inproc://zeromq.zap.01";
const CURVE_KEY_BYTES = 32;

export interface AuthenticatorOptions {
  context: Context;
  /**
   * Decides on a connection that proved to hold a key, and notes whose it is.
   *
   * @param domain of the socket that it came to
   * @param curveKey Z85
   */
  admit: (domain: string, curveKey: string) => boolean;
  log: Log;
}

/** Answers the authentication requests of one context. */
export interface Authenticator {
  start(): Promise<void>;
  stop(): void;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { admit, log } = options;
  const socket = new Router({ context: options.context, linger: 0 });

  async function listen(): Promise<void> {
    for await (const frames of socket) {
      const [peer, empty, version, request, domain, , , mechanism, key] = frames;
      if (peer === undefined || empty === undefined || request === undefined) continue;
      const curve = mechanism?.toString() === "CURVE" && key?.length === CURVE_KEY_BYTES;
      const admitted = curve && admit(domain?.toString() ?? "", z85(key));
      const verdict = admitted ? ["200", "OK"] : ["400", "this key is not trusted"];
      await socket.send([peer, empty, version ?? "1.0", request, ...verdict, "", ""]);
    }
  }

  return {
    async start() {
      await socket.bind(ENDPOINT);
      listen().catch((thrown: unknown) => {
        if (!socket.closed) log.error({ err: thrown }, "cannot let anybody in any more");
      });
    },
    stop() {
      socket.close();
    },
  };
}

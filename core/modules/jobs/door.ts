import { rmSync } from "node:fs";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Keyring } from "../../events/keyring.ts";
import { fromZ85 } from "../../events/z85.ts";
import { asError, OperatorError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { openConnection } from "./connection.ts";
import { pairOf } from "../../events/curve.ts";
import type { Identity } from "./register.ts";

export interface DoorOptions {
  endpoints: readonly string[];
  /** Of the server, Z85. */
  secretKey: string;
  keyring: Keyring;
  log: Log;
  onRequest: (bytes: Buffer, identity: Identity, reply: (text: string) => void) => void;
}

/** Lets workers in whose keys are trusted, and tells for each request whose it is. */
export interface Door {
  /** @returns the endpoints as bound, port numbers filled in */
  start(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Beyond it nobody is let in; each connection takes a file descriptor. */
const MOST_CONNECTIONS = 4_000;

export function createDoor(options: DoorOptions): Door {
  const { keyring, log } = options;
  const own = pairOf(fromZ85(options.secretKey));
  /** What ends each connection. */
  const connections = new Set<() => void>();
  const refused = new Set<string>();
  const servers: Server[] = [];

  function admit(curveKey: string): boolean {
    const identity = identityOf(curveKey);
    if (identity === undefined) {
      if (!refused.has(curveKey)) log.warn({ curveKey }, "refused a worker with an unknown key");
      if (refused.size < 1_000) refused.add(curveKey);
      return false;
    }
    log.debug({ worker: identity.keyId }, "a worker connected");
    return true;
  }

  function identityOf(curveKey: string): Identity | undefined {
    const kept = keyring.trusted().find(({ key }) => key.curve?.publicKey === curveKey);
    return kept && { keyId: kept.key.id, curveKey };
  }

  function enter(tcp: Socket): void {
    const close = openConnection(tcp, {
      server: own,
      admit,
      onRequest(bytes, curveKey, reply) {
        const identity = identityOf(curveKey);
        // Revoked meanwhile: what is open is closed at its next word.
        if (identity === undefined) close();
        else options.onRequest(bytes, identity, reply);
      },
      onClose: () => connections.delete(close),
    });
    connections.add(close);
  }

  return {
    async start() {
      const bound: string[] = [];
      for (const endpoint of options.endpoints) {
        const server = createServer(enter);
        server.maxConnections = MOST_CONNECTIONS;
        servers.push(server);
        bound.push(await listenOn(server, endpoint));
      }
      return bound;
    },
    async stop() {
      // Time for the last answers to leave.
      await sleep(connections.size > 0 ? 100 : 0);
      const closing = servers.splice(0).map((server) => {
        return new Promise<void>((closed) => void server.close(() => closed()));
      });
      for (const close of connections) close();
      await Promise.all(closing);
    },
  };
}

/** @throws OperatorError `ENDPOINT` */
async function listenOn(server: Server, endpoint: string): Promise<string> {
  try {
    const where = listenOptions(endpoint);
    await new Promise<void>((listening, failed) => {
      server.once("error", failed);
      server.listen(where, () => listening());
    });
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const why = code === "EADDRINUSE" ? "another program has it" : asError(thrown).message;
    throw new OperatorError(
      "ENDPOINT",
      `Cannot listen on ${endpoint}, named by lighthouse.jobs: ${why}.`,
      "Stop the other program (another Lighthouse?), or change lighthouse.jobs in config.toml.",
      { cause: thrown },
    );
  }
  const address = server.address();
  if (typeof address !== "object" || address === null) return endpoint;
  return endpoint.replace(/:(\d+|\*)$/, `:${address.port}`);
}

/** ZeroMQ's notation for Node: `tcp://*:5570`, `tcp://[::1]:*`, `ipc:///run/laniakea/jobs`. */
function listenOptions(endpoint: string): ListenOptions {
  const [, host = "", port = ""] = /^tcp:\/\/(.+):(\d+|\*)$/.exec(endpoint) ?? [];
  if (host !== "") {
    const bare = host.replace(/^\[(.*)\]$/, "$1");
    const backlog = 1_024;
    return {
      port: port === "*" ? 0 : Number(port),
      backlog,
      ...(bare === "*" ? {} : { host: bare }),
    };
  }
  const path = endpoint.replace(/^ipc:\/\//, "");
  if (path === endpoint) throw new Error("workers connect by tcp or ipc");
  // Left behind by a Lighthouse that was killed; ZeroMQ would replace it too.
  rmSync(path, { force: true });
  return { path };
}

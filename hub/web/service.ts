import { database } from "../../core/database/connect.ts";
import { OperatorError } from "../../core/errors.ts";
import type { Environment } from "../../core/operation/declare.ts";
import type { Service } from "../../core/service.ts";
import { RoomMessage } from "../model/conversation.ts";
import { defineHubModels } from "../model/index.ts";
import { createAccess } from "./access.ts";
import { readAssets } from "./assets.ts";
import { type HealthCheck, healthReport } from "./health.ts";
import { createLive, type Live } from "./live/live.ts";
import { databaseChecks } from "./read/health.ts";
import { createServer } from "./server.ts";
import type { RoleOf, Server } from "./serving.ts";
import { apiToken } from "./token.ts";
import type { Web } from "./web.ts";

export interface WebOptions extends Environment {
  /**
   * Asked for /readyz and the page besides what the database tells of all parts; one with a known
   * name (`matrix`) is asked instead of it.
   */
  checks?: readonly HealthCheck[];
  /** Asked for each request that has a role: grants and denials hold here as in rooms. */
  roleOf?: RoleOf;
  /** True while the demo archive is what there is to see. */
  demo?: boolean;
  /** Instead of web.listen, e.g. "127.0.0.1:0". */
  listen?: string;
}

/** The page and the API. */
export interface WebService extends Service {
  /** `http://127.0.0.1:8470`, without slash at the end. @throws Error before it started */
  address(): string;
  /** The server itself, once started: tests ask it without a socket. */
  server(): Server;
}

/** Serves pages, forms, live streams and the API on web.listen. The database must be open. */
export function createWeb(options: WebOptions): WebService {
  const { settings } = options;
  const { roleOf = (_name, role) => Promise.resolve(role) } = options;
  const listen = options.listen ?? settings.config.web.listen;
  let server: Server | undefined;
  let live: Live | undefined;
  let address: string | undefined;

  function started(): Server {
    if (server === undefined) throw new Error("the web server has not started");
    return server;
  }

  return {
    name: "web",
    server: started,
    address() {
      if (address === undefined) throw new Error("the web server does not listen yet");
      return address;
    },
    async start() {
      const { sequelize } = database();
      // In one process with the hub they are defined already.
      if (!sequelize.isDefined(RoomMessage.name)) defineHubModels(sequelize);
      const { url, allow } = settings.config.web;
      const access = createAccess({ listen, url, allow, token: await apiToken(settings) });
      const web = webOf(options);
      live = createLive(web);
      server = await createServer({ web, access, assets: readAssets(), live, roleOf });
      // Listening first: when the address is taken, nothing else has begun.
      address = await listenOn(server, listen);
      await live.start();
    },
    async stop() {
      // Streams first: the server waits for answers that have not ended.
      await live?.stop();
      await server?.close();
    },
  };
}

function webOf(options: WebOptions): Web {
  const { registry, settings, log, demo = false } = options;
  const checks = new Map(
    [...databaseChecks(settings), ...(options.checks ?? [])].map((one) => [one.name, one]),
  );
  return { registry, settings, log, demo, health: () => healthReport([...checks.values()]) };
}

/** @throws OperatorError `WEB_LISTEN` when the port is taken or the address is none of ours */
async function listenOn(server: Server, listen: string): Promise<string> {
  const at = listen.lastIndexOf(":");
  const host = listen.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  try {
    const address = await server.listen({ host, port: Number(listen.slice(at + 1)) });
    return address.replace(/\/$/, "");
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const taken = code === "EADDRINUSE";
    throw new OperatorError(
      "WEB_LISTEN",
      taken ? `${listen} is in use by another program.` : `Cannot listen on ${listen}: ${code}.`,
      "Set web.listen in config.toml to a free address.",
      { cause: thrown },
    );
  }
}

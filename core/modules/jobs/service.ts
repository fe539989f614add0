import { join } from "node:path";
import type { Keyring } from "../../events/keyring.ts";
import { openKeyring } from "../../events/setup.ts";
import { OperatorError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Environment } from "../../operation/declare.ts";
import type { Service } from "../../service.ts";
import { createDesk } from "./desk.ts";
import { createDoor, type Door } from "./door.ts";
import { errorReply } from "./reply.ts";
import { readRequest } from "./request.ts";
import { createSweeper } from "./sweep.ts";

/** Where build workers get their jobs: the third socket of Lighthouse. */
export interface JobServer extends Service {
  /** As bound, port numbers filled in; empty before `start`. */
  endpoints(): string[];
}

export interface JobServerOptions {
  endpoints: readonly string[];
  keyring: Keyring;
  /** Where workers upload to, or "". */
  uploadUrl: string;
  log: Log;
}

/** The job server as the configuration describes it. */
export function createJobServer(environment: Environment): JobServer {
  const { jobs, upload_url: uploadUrl } = environment.settings.config.lighthouse;
  const keyring = openKeyring(environment);
  return createJobServerOf({ endpoints: jobs, keyring, uploadUrl, log: environment.log });
}

/** As `createJobServer`, for given keys and endpoints. */
export function createJobServerOf(options: JobServerOptions): JobServer {
  const { keyring, log, uploadUrl } = options;
  const desk = createDesk({ uploadUrl, log });
  const sweeper = createSweeper(log);
  let door: Door | undefined;
  let bound: string[] = [];
  return {
    name: "job server",
    async start() {
      const secretKey = serverKey(keyring);
      desk.start();
      door = createDoor({
        endpoints: options.endpoints,
        secretKey,
        keyring,
        log,
        onRequest(bytes, identity, reply) {
          const request = readRequest(bytes);
          if ("error" in request) reply(errorReply(request.error));
          else desk.take({ request, identity }, reply);
        },
      });
      bound = await door.start();
      sweeper.start();
      log.info({ jobs: bound }, "the job server is open");
    },
    async stop() {
      // What was taken in is answered before the connections close.
      await sweeper.stop();
      await desk.stop();
      await door?.stop();
      bound = [];
    },
    endpoints: () => bound,
  };
}

/**
 * The CURVE secret key of this Lighthouse, from the same file that it signs with.
 *
 * @throws OperatorError `KEY_MISSING`
 */
function serverKey(keyring: Keyring): string {
  const secret = keyring.curvePair("lighthouse")?.secretKey;
  if (secret !== undefined) return secret;
  throw new OperatorError(
    "KEY_MISSING",
    `Lighthouse cannot serve workers: there is no CURVE secret key in ${join(keyring.directory, "secret")}.`,
    "Make a key without --sign-only and install it: key new ID, key install lighthouse FILE",
  );
}

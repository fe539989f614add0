import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { readSecret, type Settings, settingPath } from "../../../core/config.ts";
import { OperatorError } from "../../../core/errors.ts";
import type { Log } from "../../../core/log.ts";
import { HomeserverClient } from "./client.ts";
import { classifyFailure, HomeserverError } from "./homeserver-error.ts";
import type { SessionStorage } from "./storage.ts";
import { tokenRefused } from "./token-refused.ts";

interface LoginOptions {
  settings: Settings;
  storage: SessionStorage;
  log: Log;
  /** Ends the login, and everything that the client does later. */
  signal: AbortSignal;
}

const TOKEN_FILE = "matrix.token_file";
const LoginAnswer = z.looseObject({ access_token: z.string(), device_id: z.string() });
const WhoAmI = z.looseObject({ user_id: z.string(), device_id: z.string().optional() });

/**
 * A client whose token the homeserver accepts for the right account: from the token file, or on
 * the first start by logging in with the password, once, which writes that file. The device is
 * kept, for transaction ids belong to it, and later keys will.
 *
 * @throws OperatorError when an operator has to mend it
 * @throws HomeserverError when it may work later
 */
export async function openClient(options: LoginOptions): Promise<HomeserverClient> {
  const token = await findToken(options);
  const { homeserver } = options.settings.config.matrix;
  const client = new HomeserverClient(homeserver, token, options.signal);
  try {
    await checkIdentity(client, options);
    return client;
  } catch (thrown) {
    await client.close();
    throw thrown;
  }
}

async function findToken(options: LoginOptions): Promise<string> {
  const { settings } = options;
  const { token_file: tokenFile, password_file: passwordFile } = settings.config.matrix;
  if (tokenFile === undefined) {
    throw new OperatorError(
      "MATRIX_NO_TOKEN",
      "Matrix is configured without matrix.token_file.",
      "Name a file for the access token there; with matrix.password_file it is made by itself.",
    );
  }
  const file = settingPath(settings, tokenFile);
  if (existsSync(file)) return readSecret(settings, file, TOKEN_FILE);
  if (passwordFile === undefined) {
    throw new OperatorError(
      "MATRIX_NO_TOKEN",
      `There is no Matrix access token: ${file}, named by ${TOKEN_FILE}, does not exist.`,
      "Write the token into it (mode 0600), or set matrix.password_file for a first login.",
    );
  }
  const password = readSecret(settings, passwordFile, "matrix.password_file");
  const token = await logIn(options, password);
  return keepToken(settings, file, token);
}

async function logIn(options: LoginOptions, password: string): Promise<string> {
  const { storage, log, signal } = options;
  const { homeserver, user } = options.settings.config.matrix;
  const client = new HomeserverClient(homeserver, "", signal);
  try {
    const device = await storage.get("device");
    const answer = (await client.doRequest("POST", "/_matrix/client/v3/login", null, {
      type: "m.login.password",
      identifier: { type: "m.id.user", user },
      password,
      initial_device_display_name: "Laniakea",
      ...(device === undefined ? {} : { device_id: device }),
    })) as unknown;
    const { access_token: token, device_id: deviceId } = LoginAnswer.parse(answer);
    await keepDevice(storage, device, deviceId);
    log.info({ user, device: deviceId }, "logged in to Matrix with the password");
    return token;
  } catch (thrown) {
    throw loginFault(thrown, user);
  } finally {
    await client.close();
  }
}

function loginFault(thrown: unknown, user: string): unknown {
  if (!(thrown instanceof HomeserverError) || classifyFailure(thrown).retry) return thrown;
  return new OperatorError(
    "MATRIX_LOGIN_REFUSED",
    `The homeserver refuses the login of ${user}: ${thrown.message}.`,
    "Check matrix.user and the password in matrix.password_file.",
    { cause: thrown },
  );
}

/**
 * Writes the token so that it is there whole or not at all, readable for us only. When another
 * process logged in at the same moment, its token wins.
 */
async function keepToken(settings: Settings, file: string, token: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}`;
  const handle = await open(temporary, "wx", 0o600);
  try {
    await handle.writeFile(`${token}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(temporary, file);
    return token;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    return readSecret(settings, file, TOKEN_FILE);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function checkIdentity(client: HomeserverClient, options: LoginOptions): Promise<void> {
  const { settings, storage, log } = options;
  const { user } = settings.config.matrix;
  const answer = (await client.getWhoAmI().catch((thrown: unknown) => {
    throw classifyFailure(thrown).fatal ? tokenRefused(settings, thrown) : thrown;
  })) as unknown;
  const { user_id: actual, device_id: device } = WhoAmI.parse(answer);
  if (actual !== user) {
    throw new OperatorError(
      "MATRIX_WRONG_ACCOUNT",
      `The Matrix access token belongs to ${actual}, but matrix.user is ${user}.`,
      `Set matrix.user = "${actual}", or put the token of ${user} into matrix.token_file.`,
    );
  }
  const before = await storage.get("device");
  if (device === undefined || device === before) return;
  if (before !== undefined) log.warn({ before, device }, "the Matrix device has changed");
  await keepDevice(storage, before, device);
}

/** With the time of a change: the new device does not know the transactions of the old one. */
async function keepDevice(
  storage: SessionStorage,
  before: string | undefined,
  device: string,
): Promise<void> {
  if (before === device) return;
  if (before !== undefined) await storage.set("device since", new Date().toISOString());
  await storage.set("device", device);
}

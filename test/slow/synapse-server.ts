import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Account, Ground } from "../support/homeserver/ground.ts";

const run = promisify(execFile);
const SECRET = "only for tests";

/**
 * A real Synapse from PyPI on a free port of this machine: SQLite, no federation, no rate limits
 * (see `limit`), everything in a directory that `stop` removes.
 */
export interface Synapse extends Ground {
  version: string;
  stop(): Promise<void>;
}

/** Why there is no Synapse to test against; the suite skips itself and says this. */
export class SynapseMissing extends Error {}

/**
 * Installs Synapse into a virtual environment (once; `LK_SYNAPSE_VENV` or
 * ~/.cache/laniakea-ci/synapse) and starts it.
 *
 * @throws SynapseMissing when it cannot be installed here
 */
export async function startSynapse(): Promise<Synapse> {
  const python = await installedPython();
  const { stdout } = await run(python, ["-c", "import synapse; print(synapse.__version__)"]);
  const directory = await mkdtemp(join(tmpdir(), "synapse-"));
  const port = await freePort();
  const config = join(directory, "homeserver.yaml");
  await writeFile(config, JSON.stringify(settings(directory, port)));
  await writeFile(join(directory, "log.yaml"), JSON.stringify(logging(directory)));
  const module = ["-m", "synapse.app.homeserver", "--config-path", config];
  await run(python, [...module, "--generate-keys"], { cwd: directory });
  const server = spawn(python, module, { cwd: directory, stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  await answering(url, server, join(directory, "homeserver.log"));
  const admin = await register(url, "admin", "admin password", true);
  return {
    url,
    serverName: "synapse.test",
    version: stdout.trim(),
    newUser: (name, password = "a password") => register(url, name, password, false),
    limit: async (account, perSecond, burst) => {
      const path = `/_synapse/admin/v1/users/${encodeURIComponent(account.userId)}/override_ratelimit`;
      await post(url, path, { messages_per_second: perSecond, burst_count: burst }, admin.token);
    },
    stop: async () => {
      await stopped(server);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function installedPython(): Promise<string> {
  const venv =
    process.env["LK_SYNAPSE_VENV"] ?? join(homedir(), ".cache", "laniakea-ci", "synapse");
  const python = join(venv, "bin", "python");
  if (await imports(python)) return python;
  try {
    await mkdir(venv, { recursive: true });
    await run("python3", ["-m", "venv", "--clear", venv]);
    await run(python, ["-m", "pip", "install", "--quiet", "matrix-synapse"], { timeout: 600_000 });
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown.message.split("\n")[0] : String(thrown);
    throw new SynapseMissing(`matrix-synapse cannot be installed into ${venv}: ${cause}`);
  }
  if (await imports(python)) return python;
  throw new SynapseMissing(`matrix-synapse in ${venv} does not start`);
}

async function imports(python: string): Promise<boolean> {
  return run(python, ["-c", "import synapse.app.homeserver"]).then(
    () => true,
    () => false,
  );
}

function settings(directory: string, port: number): Record<string, unknown> {
  const unlimited = { per_second: 100_000, burst_count: 100_000 };
  return {
    server_name: "synapse.test",
    listeners: [
      { port, type: "http", bind_addresses: ["127.0.0.1"], resources: [{ names: ["client"] }] },
    ],
    database: { name: "sqlite3", args: { database: join(directory, "homeserver.db") } },
    media_store_path: join(directory, "media"),
    signing_key_path: join(directory, "signing.key"),
    log_config: join(directory, "log.yaml"),
    registration_shared_secret: SECRET,
    macaroon_secret_key: SECRET,
    form_secret: SECRET,
    report_stats: false,
    trusted_key_servers: [],
    federation_domain_whitelist: [],
    presence: { enabled: false },
    rc_message: unlimited,
    rc_registration: unlimited,
    rc_admin_redaction: unlimited,
    rc_room_creation: unlimited,
    rc_login: { address: unlimited, account: unlimited, failed_attempts: unlimited },
    rc_joins: { local: unlimited, remote: unlimited },
    rc_joins_per_room: unlimited,
    rc_invites: { per_room: unlimited, per_user: unlimited, per_issuer: unlimited },
  };
}

function logging(directory: string): Record<string, unknown> {
  return {
    version: 1,
    formatters: { plain: { format: "%(levelname)s %(name)s %(message)s" } },
    handlers: {
      file: {
        class: "logging.FileHandler",
        formatter: "plain",
        filename: join(directory, "homeserver.log"),
      },
    },
    root: { level: "WARNING", handlers: ["file"] },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answering(url: string, server: ChildProcess, log: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const response = await fetch(`${url}/_matrix/client/versions`).catch(() => undefined);
    if (response?.ok === true) return;
    if (server.exitCode !== null) break;
    await sleep(100);
  }
  await stopped(server);
  throw new Error(`Synapse did not start: ${await readFile(log, "utf8").catch(() => "no log")}`);
}

async function stopped(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  const force = setTimeout(() => server.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(force);
}

/** Synapse's shared-secret registration: an HMAC over the parts, separated by NUL. */
async function register(
  url: string,
  name: string,
  password: string,
  admin: boolean,
): Promise<Account> {
  const path = "/_synapse/admin/v1/register";
  const { nonce } = (await (await fetch(url + path)).json()) as { nonce: string };
  const mac = createHmac("sha1", SECRET)
    .update([nonce, name, password, admin ? "admin" : "notadmin"].join("\0"))
    .digest("hex");
  const answer = await post(url, path, { nonce, username: name, password, admin, mac });
  return {
    userId: String(answer["user_id"]),
    token: String(answer["access_token"]),
    deviceId: String(answer["device_id"]),
    password,
  };
}

async function post(
  url: string,
  path: string,
  body: unknown,
  token?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

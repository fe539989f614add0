import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  statfsSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import prettyBytes from "pretty-bytes";
import { settingPath } from "../../config.ts";
import { database } from "../../database/connect.ts";
import { asError } from "../../errors.ts";
import type { Message } from "../../message.ts";
import type { Environment } from "../../operation/declare.ts";

/** Below this much free disk an import or a build is likely to fail. */
const LOW_DISK_BYTES = 1_000_000_000;

/** What the machine must have: Node, a database, a place to write, closed secrets, programs. */
export async function machineChecks({ settings }: Environment): Promise<Message[]> {
  return [
    nodeCheck(),
    await databaseCheck(),
    dataCheck(settings.dataDirectory),
    secretsCheck(settingPath(settings, settings.config.keys.directory)),
    programCheck("gpgv", "signatures are checked by the slower openpgp package instead"),
    programCheck("xz", "archives are unpacked by the slower xz-decompress package instead"),
  ];
}

function well(...headline: string[]): Message {
  return { tone: "good", headline };
}

function nodeCheck(): Message {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 22) return well(`Node ${process.versions.node}.`);
  return {
    tone: "attention",
    headline: [`Node ${process.versions.node} works, but gets no more fixes.`],
    next: ["Install Node 24."],
  };
}

async function databaseCheck(): Promise<Message> {
  const [row] = await database().query<{ version: string; size: string }>(
    `select current_setting('server_version') as version,
            pg_database_size(current_database()) as size`,
  );
  return well(`PostgreSQL ${row?.version}, ${prettyBytes(Number(row?.size ?? 0))} of data.`);
}

function dataCheck(directory: string): Message {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    const disk = statfsSync(directory);
    const free = disk.bavail * disk.bsize;
    if (free >= LOW_DISK_BYTES) return well(`${directory}: ${prettyBytes(free)} free.`);
    return {
      tone: "bad",
      headline: [`${directory}: only ${prettyBytes(free)} free.`],
      next: ["Make room, or choose another place with --data DIR."],
    };
  } catch (thrown) {
    return {
      tone: "bad",
      headline: [`${directory} cannot be written: ${asError(thrown).message}.`],
      next: ["Choose another place with --data DIR."],
    };
  }
}

function secretsCheck(keys: string): Message {
  const folder = join(keys, "secret");
  if (!existsSync(folder)) return well("No secret keys yet; the first start makes them.");
  const open = readdirSync(folder).filter(
    (file) => (statSync(join(folder, file)).mode & 0o077) !== 0,
  );
  if (open.length === 0) return well("Secret keys are closed to others.");
  return {
    tone: "bad",
    headline: [`Others can read ${open.join(", ")} in ${folder}.`],
    next: [`Run: chmod 600 ${folder}/*`],
  };
}

function programCheck(program: string, without: string): Message {
  const found = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (found.status === 0) return well(`${(found.stdout.split("\n")[0] ?? program).trim()}.`);
  return { tone: "attention", headline: [`${program} is not installed: ${without}.`] };
}

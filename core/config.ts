import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { z } from "zod";
import { EmailConfig } from "./config-email.ts";
import { Endpoints, Listen, Path, StringOrList } from "./config-values.ts";
import { OperatorError } from "./errors.ts";
import { DEFAULT_LANGUAGE, LANGUAGES } from "./language/language.ts";
import { readToml } from "./toml.ts";

/** A uuid is known for so long at least: within the window no event can come a second time. */
const REMEMBERED_DAYS = 90;

/**
 * What belongs to one machine. Everything about the distribution is in the database instead
 * (`lk distro apply`). Defaults live here and nowhere else; `config.example.toml` is tested to
 * equal them.
 */
export const Config = z.strictObject({
  database: z
    .strictObject({
      url: z
        .string()
        .regex(/^(embedded|postgres(ql)?:\/\/.+)$/, {
          message: '"embedded" or a postgres:// address',
        })
        .default("embedded")
        .meta({
          description:
            "embedded: a PostgreSQL of our own under the data directory; or postgres://user@host/database",
        }),
      password_file: Path.optional().meta({
        description: "file (mode 0600) with the password for database.url",
      }),
      pool: z.int().min(4).max(100).default(8).meta({ description: "connections at most" }),
    })
    .prefault({}),
  archive: z
    .strictObject({
      journal_keep: z
        .string()
        .regex(/^(\d{1,4}[dwy]|)$/, { message: 'written as "90d", "12w" or "2y"' })
        .default("2y")
        .meta({
          description: "how long it is kept what imports changed (90d, 12w, 2y); empty: for ever",
        }),
    })
    .prefault({}),
  lighthouse: z
    .strictObject({
      submit: Endpoints.prefault(["tcp://127.0.0.1:5571"]).meta({
        description: "where Lighthouse takes signed events (ROUTER)",
      }),
      publish: Endpoints.prefault(["tcp://127.0.0.1:5572"]).meta({
        description: "where Lighthouse publishes events (PUB)",
      }),
      replay: Endpoints.prefault(["tcp://127.0.0.1:5573"]).meta({
        description:
          "where Lighthouse sends events again to trusted subscribers that missed some (ROUTER with CURVE)",
      }),
      jobs: Endpoints.prefault(["tcp://127.0.0.1:5570"]).meta({
        description: "where Lighthouse gives jobs to build workers (ROUTER with CURVE)",
      }),
      window_days: z
        .int()
        .min(1)
        .max(REMEMBERED_DAYS)
        .default(30)
        .meta({
          description: `older events are refused unless they are replayed; at most ${REMEMBERED_DAYS}, for so long uuids are remembered`,
        }),
      keep_days: z.int().min(0).default(400).meta({
        description: "older events are removed from the journal; 0: none for their age",
      }),
      keep_megabytes: z.int().min(0).default(20_000).meta({
        description: "beyond so much text of events the oldest are removed; 0: none for their size",
      }),
      upload_url: z
        .string()
        .regex(/^(https?:\/\/.+)?$/, { message: 'written like "https://repo.example.org/_upload"' })
        .default("")
        .meta({
          description: "where workers upload what they built; empty: they wait until it is set",
        }),
      relay: z
        .strictObject({
          publish: Endpoints.prefault([]).meta({
            description: "other Lighthouses whose events ours publishes as well",
          }),
          replay: Endpoints.prefault([]).meta({
            description: "their replay endpoints, in the same order",
          }),
        })
        .prefault({}),
      servers: z
        .strictObject({
          submit: Endpoints.prefault([]).meta({
            description:
              "Lighthouses that events of this machine go to, the preferred one first; none: our own",
          }),
          spool: Path.default("spool").meta({
            description: "folder of the events that wait for them; relative to the data directory",
          }),
          publish: Endpoints.prefault([]).meta({
            description: "Lighthouses the hub listens to; none: our own",
          }),
          replay: Endpoints.prefault([]).meta({
            description:
              "their replay endpoints, in the same order; without one nothing missed is asked for",
          }),
        })
        .prefault({}),
    })
    .prefault({}),
  keys: z
    .strictObject({
      directory: Path.default("keys").meta({
        description: "key files: secret/ and trusted/; relative to the data directory",
      }),
    })
    .prefault({}),
  matrix: z
    .strictObject({
      homeserver: z
        .string()
        .default("")
        .meta({ description: "https://matrix.example.org; empty: no Matrix" }),
      user: z.string().default("").meta({ description: "the bot's id, @laniakea:example.org" }),
      token_file: Path.optional().meta({
        description:
          "file (mode 0600) with the access token; made by the first login when password_file is given",
      }),
      password_file: Path.optional().meta({
        description: "file (mode 0600) with the password, for the first login only",
      }),
      room: StringOrList.prefault([]).meta({
        description:
          "rooms (ids or aliases) that hear all events for people; finer routes: lk route add",
      }),
      invites_from: StringOrList.prefault([]).meta({
        description: "user ids or *:server patterns whose invitations the bot accepts",
      }),
      message_prefix: z
        .string()
        .default("")
        .meta({ description: "put in front of each event message" }),
    })
    .prefault({}),
  email: EmailConfig,
  hub: z
    .strictObject({
      language: z.enum(LANGUAGES).default(DEFAULT_LANGUAGE).meta({
        description: "of messages to destinations that chose none: lk language",
      }),
    })
    .prefault({}),
  webhook: z
    .strictObject({
      secrets: Path.default("secrets/webhooks").meta({
        description: "folder with the secrets of webhooks; made by: lk webhook add",
      }),
      private_hosts: StringOrList.prefault([]).meta({
        description:
          "hosts of webhooks that may have private addresses and be asked over http://; no others may",
      }),
    })
    .prefault({}),
  canary: z
    .strictObject({
      to: StringOrList.prefault([]).meta({
        description:
          "rooms and mailboxes where a canary event has to be seen (matrix:…, email:…); empty: none is sent",
      }),
      every_seconds: z.int().min(10).max(3_600).default(60).meta({
        description: "how often one is sent",
      }),
    })
    .prefault({}),
  web: z
    .strictObject({
      listen: Listen.default("127.0.0.1:8470").meta({
        description: "address:port of the page and the API",
      }),
      url: z
        .string()
        .default("")
        .meta({ description: "public base address for links; empty: http:// and web.listen" }),
      allow: z.enum(["reader", "operator", "admin"]).default("operator").meta({
        description:
          "role of whoever uses the page or API from this machine without a token, when listening on loopback only",
      }),
      token_file: Path.default("secrets/api-token").meta({
        description: "bearer token of the API, made on first start; relative to the data directory",
      }),
    })
    .prefault({}),
  schedule: z.record(z.string(), z.string()).default({}).meta({
    description: "operation = cron expression (five fields, UTC); empty text switches one off",
  }),
  worker: z
    .strictObject({
      name: z
        .string()
        .default("")
        .meta({ description: "name of this build worker; empty: the host name" }),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(["debug", "info", "warn", "error"])
        .default("info")
        .meta({ description: "how much goes to standard error" }),
    })
    .prefault({}),
  demo: z.boolean().default(true).meta({
    description:
      "with the embedded database: set up a small demo archive, so that there is something to see",
  }),
});
export type Config = z.output<typeof Config>;

/** The configuration of this run, and where its state lives. */
export interface Settings {
  config: Config;
  /** Absolute. */
  dataDirectory: string;
  /** The file that was read, or undefined for the built-in defaults. */
  file: string | undefined;
}

/**
 * Finds and reads the configuration: the file given, else ./config.toml, else
 * /etc/laniakea/config.toml, else the defaults. Paths in it are relative to the data directory
 * unless absolute.
 *
 * @throws OperatorError with file, line and key of every fault
 */
export function loadSettings(options: {
  file?: string | undefined;
  dataDirectory?: string | undefined;
}): Settings {
  const file = options.file ?? firstThatExists(["config.toml", "/etc/laniakea/config.toml"]);
  const config = file === undefined ? Config.parse({}) : readToml(file, Config);
  return { config, dataDirectory: resolve(options.dataDirectory ?? "var"), file };
}

/** A path of the configuration: absolute as it is, relative below the data directory. */
export function settingPath(settings: Settings, path: string): string {
  return isAbsolute(path) ? path : resolve(settings.dataDirectory, path);
}

/**
 * The secret in a file, without the line end.
 *
 * @throws OperatorError when it is missing, empty, or readable for others than its owner
 */
export function readSecret(settings: Settings, path: string, key: string): string {
  const file = settingPath(settings, path);
  if (!existsSync(file)) {
    throw new OperatorError(
      "SECRET_MISSING",
      `The file ${file}, named by ${key}, does not exist.`,
      `Create it: install -m 600 /dev/null ${file}, then write the secret into it.`,
    );
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new OperatorError(
      "SECRET_READABLE",
      `The file ${file}, named by ${key}, can be read by others.`,
      `Run: chmod 600 ${file}`,
    );
  }
  const secret = readFileSync(file, "utf8").trim();
  if (secret !== "") return secret;
  throw new OperatorError(
    "SECRET_EMPTY",
    `The file ${file}, named by ${key}, is empty.`,
    `Write the secret into ${file}.`,
  );
}

/** The folder of the configuration file, against which a person's relative paths resolve. */
export function settingsFolder(settings: Settings): string {
  return settings.file === undefined ? process.cwd() : dirname(resolve(settings.file));
}

function firstThatExists(files: string[]): string | undefined {
  return files.find((file) => existsSync(file));
}

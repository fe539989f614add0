import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../config.ts";
import { database } from "../database/connect.ts";
import { asError } from "../errors.ts";
import { ask } from "../operation/ask.ts";
import type { Caller, Environment } from "../operation/declare.ts";
import type { Service } from "../service.ts";
import { createDemoArchive, DEMO_NAME, type DemoArchive, publishDemoChange } from "./demo.ts";

/** So long a newcomer may look around before a new version arrives in the demo archive. */
const CHANGE_AFTER_MS = 60_000;
const CALLER: Caller = { name: "demo", role: "admin", origin: "schedule" };

/**
 * True where the demo is wanted: with the embedded database, unless it is switched off or there
 * is a real repository to look at.
 */
export async function wantsDemo({ config }: Settings): Promise<boolean> {
  if (!config.demo || config.database.url !== "embedded") return false;
  const others = await database().query("select 1 from repository where name <> $1 limit 1", [
    DEMO_NAME,
  ]);
  return others.length === 0;
}

/**
 * Sets up the demo archive in the data directory, describes it to the database as an operator
 * would, imports it, and a minute later publishes a new version of one package.
 */
export function createDemo(environment: Environment): Service {
  const directory = join(environment.settings.dataDirectory, "demo");
  const stop = new AbortController();
  let story: Promise<void> = Promise.resolve();

  async function tell(): Promise<void> {
    try {
      await sleep(CHANGE_AFTER_MS, undefined, { signal: stop.signal });
      await publishDemoChange(directory);
      await importDemo(environment);
    } catch (thrown) {
      if (stop.signal.aborted) return;
      environment.log.error({ err: asError(thrown) }, "cannot change the demo archive");
    }
  }

  return {
    name: "demo",
    async start() {
      const archive = await createDemoArchive(directory);
      const file = join(directory, "distro.toml");
      writeFileSync(file, distroText(archive));
      await ask(environment, { operation: "distro apply", parameters: { file }, caller: CALLER });
      await importDemo(environment);
      story = tell();
    },
    async stop() {
      stop.abort();
      await story;
    },
  };
}

async function importDemo(environment: Environment): Promise<void> {
  const parameters = { suites: [DEMO_NAME] };
  await ask(environment, { operation: "import", parameters, caller: CALLER });
}

function distroText({ distro }: DemoArchive): string {
  const [repository] = distro.repository;
  const [suite] = repository?.suite ?? [];
  return [
    "# What `lk distro apply` was told about the demo archive: an example to start from.",
    "[[repository]]",
    `name = ${JSON.stringify(repository?.name)}`,
    `url = ${JSON.stringify(repository?.url)}`,
    `keyring = ${JSON.stringify(repository?.keyring)}`,
    "",
    "[[repository.suite]]",
    `name = ${JSON.stringify(suite?.name)}`,
    `components = ${JSON.stringify(suite?.components)}`,
    `architectures = ${JSON.stringify(suite?.architectures)}`,
    "",
  ].join("\n");
}

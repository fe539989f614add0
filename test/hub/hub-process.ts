import { connect, type DatabaseAddress } from "../../core/database/connect.ts";
import { loadSettings } from "../../core/config.ts";
import { createLog } from "../../core/log.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { busOf } from "../../hub/bus.ts";
import { createHub } from "../../hub/main.ts";
import { hubModule } from "../../hub/module.ts";

/** What a hub of its own process is told, as JSON in its first argument. */
export interface HubProcess {
  database: DatabaseAddress;
  /** config.toml */
  file: string;
  dataDirectory: string;
  leaseMs: number;
  /** Listens to the Lighthouses of the configuration, too. */
  hears?: boolean;
}

/** A hub that runs until it is killed; says "ready" when all its parts have started. */
async function run({ database, file, dataDirectory, leaseMs, hears }: HubProcess): Promise<void> {
  await connect(database);
  const settings = loadSettings({ file, dataDirectory });
  const registry = createRegistry([...coreModules, hubModule]);
  const environment = { settings, registry, log: createLog({ level: "error" }) };
  const subscribe = hears === true ? { subscribe: busOf(environment) } : {};
  for (const service of createHub(environment, { leaseMs, ...subscribe }).services) {
    await service.start();
  }
  process.stdout.write("ready\n");
}

await run(JSON.parse(process.argv[2] ?? "{}") as HubProcess);

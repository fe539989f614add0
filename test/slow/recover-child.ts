import { loadSettings } from "../../core/config.ts";
import { connect, type DatabaseAddress } from "../../core/database/connect.ts";
import { setUpEvents } from "../../core/events/setup.ts";
import { silentLog } from "../../core/log.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { recoverySources, sweep } from "../../hub/recover/sweep.ts";

/** A hub that looks once for what was not told, to be killed; the address as JSON, and a folder. */
const [, , address = "{}", dataDirectory = "."] = process.argv;
const registry = createRegistry(coreModules);
const settings = loadSettings({ dataDirectory, file: undefined });
const database = await connect(JSON.parse(address) as DatabaseAddress);
setUpEvents({ registry, settings, log: silentLog() });
for (const source of recoverySources(registry)) await sweep(source, { graceMs: 0 });
await database.close();
process.exit();

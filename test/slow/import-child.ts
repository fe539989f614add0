import { connect, type DatabaseAddress } from "../../core/database/connect.ts";
import { silentLog } from "../../core/log.ts";
import { importSuites } from "../../core/modules/archive/import.ts";
import { findSuites } from "../../core/modules/archive/suites.ts";
import { setUpArchiveEvents } from "../support/archive.ts";

/**
 * Imports a suite in a process of its own, to be killed. Says `ready` when it begins and `done` at
 * the end. Started by import-killed.test.ts.
 */
const [address = "{}", suite = "", downloads = ""] = process.argv.slice(2);
await connect(JSON.parse(address) as DatabaseAddress);
setUpArchiveEvents();
const suites = await findSuites([suite]);
process.stdout.write("ready\n");
const [outcome] = await importSuites(
  suites,
  {
    signal: new AbortController().signal,
    log: silentLog(),
    force: false,
    dryRun: false,
    downloads,
    progress: () => undefined,
    retries: 0,
  },
  "cli",
);
if (outcome === undefined || "error" in outcome) throw outcome?.error ?? new Error("no outcome");
process.stdout.write("done\n");
process.exit();

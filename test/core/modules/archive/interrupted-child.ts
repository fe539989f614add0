import { connect, type DatabaseAddress } from "../../../../core/database/connect.ts";
import { runImport, setUpArchiveEvents } from "../../../support/archive.ts";

/**
 * Imports a suite and, when so many bytes were read into the database, says so and waits to be
 * killed. Started by interrupted.test.ts.
 */
const [address = "{}", suite = "", stopAt = "0"] = process.argv.slice(2);
await connect(JSON.parse(address) as DatabaseAddress);
setUpArchiveEvents();
await runImport([suite], {
  progress: ({ step, done }) => {
    if (!step.includes("reading") || (done ?? 0) < Number(stopAt)) return;
    process.stdout.write("midway\n");
    // Blocks the whole process, so that it is midway for certain when it is killed.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  },
});
process.stdout.write("done\n");

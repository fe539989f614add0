import { asError } from "../core/errors.ts";

/** The benches by name; each prints its tables. */
const benches: Record<string, () => Promise<{ bench(args: string[]): Promise<void> }>> = {
  bus: () => import("./bus/bench.ts"),
  hub: () => import("./hub/bench.ts"),
  import: () => import("./import/bench.ts"),
  jobs: () => import("./jobs/bench.ts"),
  "slow-room": () => import("./hub/slow-room.ts"),
};

const [name = "", ...args] = process.argv.slice(2);
const load = benches[name];
if (load === undefined) {
  process.stderr.write(`Say which: npm run bench -- ${Object.keys(benches).join("|")}\n`);
  process.exitCode = 2;
} else {
  try {
    await (await load()).bench(args);
  } catch (thrown) {
    process.stderr.write(`${asError(thrown).stack}\n`);
    process.exitCode = 1;
  }
}

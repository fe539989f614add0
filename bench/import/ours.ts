import { join, resolve } from "node:path";
import { type BenchServer, type Taken, withServer } from "../server.ts";
import { type BenchArchive, describeArchive, SUITE } from "./archive.ts";
import type { Stage } from "./stage.ts";

const PERCENT = 100;
/** Tables whose counters tell whether an import wrote anything. */
const WRITTEN = `
  select sum(n_tup_ins + n_tup_upd + n_tup_del) as rows from pg_stat_user_tables
   where relname in ('source_package', 'source_file', 'binary_package', 'archive_change')`;

/** What one case took, and how many package rows it wrote by the server's own counters. */
export interface OurCase {
  name: string;
  taken: Taken;
  rows: number;
  /** Seconds that the operation itself took: without the start of the program. */
  work: number;
}

/** Our import in one fresh database, case after case, each a process of its own. */
export async function ourCases({ changed, folder, original, stanzas }: Stage): Promise<OurCase[]> {
  const data = join(folder, "data");
  const cases: OurCase[] = [];
  await withServer(join(data, "postgres"), async (server) => {
    const lk = (...args: string[]): Promise<Taken> =>
      server.measure({ program: resolve("lk"), args: ["--data", data, ...args] });
    const description = join(folder, "distro.toml");
    async function use(archive: BenchArchive): Promise<void> {
      await describeArchive(archive, description);
      await lk("distro", "apply", description);
    }
    async function note(name: string, ...args: string[]): Promise<void> {
      const before = await rowsWritten(server);
      const taken = await lk(...args);
      const rows = (await rowsWritten(server)) - before;
      cases.push({ name, taken, rows, work: await lastOperation(server) });
    }
    await use(original);
    await note("first import", "import", SUITE);
    const [row] = await server.query(
      "select (select count(*) from source_package) + (select count(*) from binary_package) as n",
    );
    const stored = Number(row?.["n"]);
    if (stored !== stanzas) throw new Error(`${stored} packages are stored, not ${stanzas}`);
    await note("nothing changed", "import", SUITE);
    await note("all read again, nothing changed", "import", SUITE, "--force");
    for (const { archive, share } of changed) {
      await use(archive);
      await note(`${share * PERCENT} % changed`, "import", SUITE, "--force");
      await use(original);
      await lk("import", SUITE, "--force");
    }
  });
  return cases;
}

/** How long the last operation took by its own row. */
async function lastOperation(server: BenchServer): Promise<number> {
  const [row] = await server.query(
    `select extract(epoch from finished_at - started_at) as seconds
       from operation order by number desc limit 1`,
  );
  return Number(row?.["seconds"]);
}

async function rowsWritten(server: BenchServer): Promise<number> {
  // Sessions tell their counters when they end, at the latest.
  await server.query("select pg_stat_force_next_flush(), pg_sleep(0.2)");
  const [row] = await server.query(WRITTEN);
  return Number(row?.["rows"] ?? 0);
}

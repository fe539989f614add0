import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import test from "ava";
import { connect, type Database, type DatabaseAddress } from "../../../../core/database/connect.ts";
import {
  AMD64,
  binary,
  configure,
  eventsOf,
  importOne,
  index,
  setUpArchiveEvents,
  source,
  SOURCES,
  tinyArchive,
} from "../../../support/archive.ts";
import { testDatabaseAddress } from "../../../support/database.ts";

let db: Database;
let address: DatabaseAddress;

test.before(async () => {
  address = await testDatabaseAddress();
  db = await connect(address);
  setUpArchiveEvents();
});
test.after.always(() => db.close());

/** Starts an import in a process of its own and kills it with -9 midway. */
async function killMidway(suite: string, stopAt: number): Promise<void> {
  const program = fileURLToPath(new URL("interrupted-child.js", import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(address), suite, `${stopAt}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes("midway")) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  if (child.signalCode !== "SIGKILL") throw new Error(`the import was not interrupted: ${said}`);
}

async function counts(): Promise<Record<string, string>> {
  const [row] = await db.query<Record<string, string>>(
    `select (select count(*) from source_package) as sources,
            (select count(*) from source_file) as files,
            (select count(*) from binary_package) as binaries,
            (select count(*) from archive_index) as indices,
            (select count(*) from import_run) as runs,
            (select count(*) from archive_change) as changes,
            (select count(*) from event) as events`,
  );
  return row ?? {};
}

test("an import that is killed leaves the old state, and the next one completes", async (t) => {
  const names = Array.from({ length: 3000 }, (_, number) => `package-number-${number}`);
  const archive = await tinyArchive({
    indices: {
      [SOURCES]: index(...names.map((name) => source(name, "1"))),
      [AMD64]: index(...names.map((name) => binary(name, "1"))),
    },
  });
  const { name } = archive.content;
  await configure(archive);
  const empty = await counts();
  t.deepEqual(
    Object.values(empty),
    Object.values(empty).map(() => "0"),
  );
  // In the first index, and in the second when the first is in its tables.
  for (const stopAt of [1, 1_500_000]) {
    await killMidway(name, stopAt);
    t.deepEqual(await counts(), empty);
  }
  t.like(await importOne(name), { first: true, sources: 3000, binaries: 3000 });
  const first = await counts();
  t.like(first, { sources: "3000", files: "3000", binaries: "3000", events: "1" });

  await archive.publish({
    indices: {
      [SOURCES]: index(...names.map((one) => source(one, "2"))),
      [AMD64]: index(...names.slice(1).map((one) => binary(one, "2"))),
    },
  });
  await killMidway(name, 1_500_000);
  t.deepEqual(await counts(), first);
  t.like(await importOne(name), { first: false, sources: 3000, binaries: 2999 });
  t.is((await counts())["changes"], "6000");
  t.is((await eventsOf(name)).length, 2);
  await archive.remove();
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { loadSettings } from "../../core/config.ts";
import { database } from "../../core/database/connect.ts";
import { indexPath } from "../../core/debian/index-path.ts";
import { journalEntry } from "../../core/events/emit.ts";
import { storeEvents } from "../../core/events/journal.ts";
import { silentLog } from "../../core/log.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import type { Service } from "../../core/service.ts";
import { createHub } from "../../hub/main.ts";
import { hubModule } from "../../hub/module.ts";
import { createWeb } from "../../hub/web/index.ts";
import { configure, importOne, setUpArchiveEvents, tinyArchive } from "../support/archive.ts";
import { eventually } from "../support/eventually.ts";
import { hubDatabase } from "../support/hub.ts";
import { startMailServer } from "../support/smtp.ts";

const SOURCE = `Package: editor
Binary: editor-bin
Version: 1.0-1
Maintainer: Anna <anna@example.net>
Architecture: any
Format: 3.0 (quilt)
Directory: pool/main/e/editor
Files:
 d41d8cd98f00b204e9800998ecf8427e 0 editor_1.0-1.dsc
Checksums-Sha256:
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 editor_1.0-1.dsc

`;

const folder = mkdtempSync(join(tmpdir(), "lk-person-"));
const started: Service[] = [];
test.before(hubDatabase);
test.before(setUpArchiveEvents);
test.after.always(async () => {
  for (const service of started.reverse()) await service.stop();
  await database().close();
  rmSync(folder, { recursive: true });
});

async function excuse(suite: string): Promise<void> {
  const data = {
    uuid: "x",
    suites_source: ["sid"],
    suite_target: suite,
    source_package: "editor",
    version_new: "1.0-1",
    version_old: "0.9-1",
  };
  await storeEvents([journalEntry("_lk.spears.new-excuse", data, undefined)], "local");
}

/** How often the maintainer was to hear of something, so far. */
async function wanted(): Promise<number> {
  await eventually(
    async () => (await database().query("select 1 from event_to_route")).length === 0,
    "routed",
  );
  const rows = await database().query(
    "select 1 from notice where destination = 'email:anna@example.net'",
  );
  return rows.length;
}

test("a person whose package was imported gets mail, and ends it by one click", async (t) => {
  const mailServer = await startMailServer();
  const file = join(folder, "config.toml");
  writeFileSync(
    file,
    `[email]\nsmtp = "${mailServer.url}"\nfrom = "laniakea@example.org"\n[web]\nurl = "https://lk.example.org"\n`,
  );
  const settings = loadSettings({ file, dataDirectory: folder });
  const registry = createRegistry([...coreModules, hubModule]);
  const environment = { settings, registry, log: silentLog() };
  const web = createWeb({ ...environment, listen: "127.0.0.1:0" });
  for (const service of [...createHub(environment).services, web]) {
    started.push(service);
    await service.start();
  }
  const archive = await tinyArchive({
    indices: {
      [indexPath("source", "main", "source")]: SOURCE,
      [indexPath("deb", "main", "amd64")]: "",
    },
    fields: { Origin: "PureOS" },
  });
  await configure(archive);
  await importOne(archive.content.name);
  await archive.remove();
  await excuse(archive.content.name);
  await eventually(
    () => mailServer.mailsTo("anna@example.net").length > 0,
    "a mail to the maintainer",
  );
  const told = await wanted();
  const source =
    mailServer.mailsTo("anna@example.net")[0]?.source.replace(/\r\n[ \t]+/g, " ") ?? "";
  t.regex(source, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
  const [, path = ""] =
    /^List-Unsubscribe: <https:\/\/lk\.example\.org(\/unsubscribe\/[\w-]{43})>/m.exec(source) ?? [];
  const headers = { host: "lk.example.org", "content-type": "application/x-www-form-urlencoded" };
  const get = await web.server().inject({ url: path, headers: { host: headers.host } });
  t.is(get.statusCode, 200);
  await excuse(archive.content.name);
  const still = await wanted();
  t.true(still > told, "GET changed nothing");
  const click = {
    method: "POST",
    url: path,
    headers,
    payload: "List-Unsubscribe=One-Click",
  } as const;
  t.is((await web.server().inject(click)).statusCode, 200);
  await excuse(archive.content.name);
  t.is(await wanted(), still);
  for (const service of started.splice(0).reverse()) await service.stop();
  await mailServer.close();
});

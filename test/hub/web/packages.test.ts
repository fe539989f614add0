import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { setUpEvents } from "../../../core/events/setup.ts";
import { createDemoArchive } from "../../../core/demo/demo.ts";
import { database } from "../../../core/database/connect.ts";
import { admit, ask } from "../../../core/operation/ask.ts";
import { perform } from "../../../core/operation/perform.ts";
import { ADMIN } from "../../support/environment.ts";
import { type StartedWeb, startWeb } from "./started-web.ts";

let web: StartedWeb;
test.before(async () => {
  web = await startWeb();
  const { environment } = web;
  setUpEvents(environment);
  const directory = join(environment.settings.dataDirectory, "demo");
  const { distro } = await createDemoArchive(directory);
  const { suite: [suite] = [], ...repository } = distro.repository[0] ?? {};
  const file = join(directory, "distro.toml");
  writeFileSync(
    file,
    `[[repository]]\n${toml(repository)}\n[[repository.suite]]\n${toml(suite)}\n`,
  );
  await ask(environment, { operation: "distro apply", parameters: { file }, caller: ADMIN });
  const admitted = await admit(environment.registry, {
    operation: "import",
    parameters: {},
    caller: ADMIN,
  });
  await perform(admitted, { environment, signal: new AbortController().signal });
});
test.after.always(() => web.stop());

function toml(table: object | undefined): string {
  return Object.entries(table ?? {})
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join("\n");
}

async function get(url: string) {
  return await web.server.inject(url);
}

test("the dashboard and the API tell each suite's counts and age", async (t) => {
  const { body } = await get("/");
  t.regex(body, /href="\/suites\/demo"/);
  t.true(body.includes("up to date"));
  const { items } = (await get("/api/v1/suites")).json();
  t.like(items[0], { repository: "demo", suite: "demo", sources: 4, failure: null });
  t.truthy(items[0].checkedAt);
});

test("a suite has a page, by its name only", async (t) => {
  const { body, statusCode } = await get("/suites/demo");
  t.is(statusCode, 200);
  t.true(body.includes("4 sources"));
  t.is((await get("/suites/nonsense")).statusCode, 404);
});

test.serial("a suite that fails says so and why", async (t) => {
  await database().query(
    `update suite set failing_since = now(), failure = 'the <mirror> is away'`,
  );
  const pages = [await get("/"), await get("/suites/demo")];
  await database().query("update suite set failing_since = null, failure = null");
  t.true(pages[0]?.body.includes("failing; last seen"));
  t.true(pages[0]?.body.includes("<h1>1 suite cannot be imported</h1>"));
  t.true(pages[1]?.body.includes("the &lt;mirror&gt; is away"));
});

test("packages answer at the addresses of the field", async (t) => {
  const source = await get("/package/src/demo/mini");
  t.is(source.statusCode, 200);
  t.true(source.body.includes("mini_1.0.dsc"));
  t.regex(source.body, /href="\/package\/bin\/demo\/mini\?repository=demo"/);
  const binary = await get("/package/bin/demo/mini");
  t.is(binary.statusCode, 200);
  t.regex(binary.body, /href="\/package\/src\/demo\/mini\?repository=demo"/);
});

test("the page of a package shows its software, and icons that run nothing", async (t) => {
  const sha256 = "ab".repeat(32);
  await database().query(
    `with c as (
       insert into content_index (suite_id, kind, component, variant, path, sha256, size, entry_count)
       select id, kind, 'main', 'x', kind, '', 0, 1 from suite, (values ('components'), ('icons')) k (kind)
       returning id, kind
     ), i as (
       insert into software_icon select id, 'mini.png', $1, '\\x3c737667' from c where kind = 'icons'
     )
     insert into software_component (index_id, document_hash, component_id, type, package_name, name,
            summary, description, keywords, categories, icons, screenshots, document)
     select id, 1, 'org.mini', 'x', 'mini', '{"C": "<b>Mini"}', '{"C": "a thing"}', '{}', '{}', '{}',
            '{"cached": [{"name": "mini.png"}]}', '[]', '' from c where kind = 'components'`,
    [sha256],
  );
  const { body } = await get("/package/bin/demo/mini");
  t.true(body.includes("&lt;b&gt;Mini"));
  t.true(body.includes(`<img src="/software/icon/${sha256}"`));
  const icon = await get(`/software/icon/${sha256}`);
  t.is(icon.body, "<svg");
  t.is(icon.headers["content-type"], "image/png");
  t.regex(String(icon.headers["content-security-policy"]), /^sandbox; default-src 'none'/);
  t.is((await get("/software/icon/none")).statusCode, 404);
});

test("a package is found by its name, by how it begins, and by the bare address", async (t) => {
  for (const url of ["/packages?name=mini", "/mini"]) {
    const { body, statusCode } = await get(url);
    t.is(statusCode, 200, url);
    t.regex(body, /href="\/package\/src\/demo\/mini/, url);
    t.true(body.includes("mini-data"), url);
  }
  t.regex((await get("/packages?name=min")).body, /href="\/packages\?name=mini"/);
  t.true((await get("/packages?name=zzz")).body.includes("No package is called zzz"));
  t.is((await get("/zzz")).statusCode, 404);
});

test("a package that is not there leads to the search for it", async (t) => {
  for (const url of ["/package/src/demo/nope", "/package/bin/demo/nope", "/package/src/x/mini"]) {
    const { body, statusCode } = await get(url);
    t.is(statusCode, 404, url);
    t.regex(body, /href="\/packages\?name=(nope|mini)"/, url);
  }
});

test("hostile fields of a package are text, and only web addresses are links", async (t) => {
  await database().query(
    `update source_package set homepage = 'javascript:alert(1)', maintainer = '<img src=x>',
       build_depends = 'debhelper (>= 13), <script> | libc6' where name = 'mini-data'`,
  );
  const { body } = await get("/package/src/demo/mini-data");
  t.true(body.includes("javascript:alert(1)"));
  t.notRegex(body, /href="javascript/);
  t.false(body.includes("<img src=x>"));
  t.false(body.includes("<script> |"));
  t.regex(body, /href="\/package\/bin\/demo\/debhelper"/);
  t.regex(body, /href="\/package\/bin\/demo\/libc6"/);
});

test("the API tells a package's versions, and names by their beginning", async (t) => {
  const { versions } = (await get("/api/v1/packages/mini")).json();
  t.deepEqual(
    versions.map((one: { suite: string; type: string }) => `${one.suite} ${one.type}`),
    ["demo source", "demo deb"],
  );
  t.deepEqual((await get("/api/v1/packages?prefix=mini-")).json().items, ["mini-data"]);
  t.is((await get("/api/v1/packages/zzz")).statusCode, 404);
});

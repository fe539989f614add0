import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { html } from "../../../core/html.ts";
import { ask } from "../../../core/operation/ask.ts";
import { LOCAL_ROOM, readRoom, say } from "../../../hub/channels/room/room.ts";
import { post } from "../../../hub/delivery/outbox.ts";
import { pages } from "../../../hub/web/pages/index.ts";
import { addEvent, type StartedWeb, startWeb } from "./started-web.ts";

let web: StartedWeb;
test.before(async () => {
  web = await startWeb({ demo: true });
});
test.after.always(() => web.stop());

const HOSTILE = `<script>alert("x")</script>'&\u202e`;
const UPLOAD = "_lk.archive.package-upload-accepted";

async function get(url: string, headers: Record<string, string> = {}) {
  return await web.server.inject({ url, headers });
}

test("the dashboard says what there is when there is nothing", async (t) => {
  const { statusCode, body } = await get("/");
  t.is(statusCode, 200);
  for (const words of ["No suite is known yet", "Point it at the real world", "distro apply"]) {
    t.true(body.includes(words), words);
  }
  t.regex(body, /<body\s+data-live="\/live\?watch=health/);
});

test("every answer forbids inline scripts, frames and sniffing", async (t) => {
  for (const url of ["/", "/events", "/nothing-here", "/api/v1/events", "/healthz"]) {
    const { headers } = await get(url);
    const policy = String(headers["content-security-policy"]);
    t.true(policy.includes("default-src 'none'"), url);
    t.true(policy.includes("frame-ancestors 'none'"), url);
    t.false(policy.includes("unsafe"), url);
    t.is(headers["x-content-type-options"], "nosniff");
    t.is(headers["referrer-policy"], "same-origin");
  }
});

test("no page has a script, a style or a handler of its own inside", async (t) => {
  await addEvent(UPLOAD, { repo: "demo", suite: "unstable", source_name: "mini" });
  for (const url of ["/", "/events", "/operations", "/mail", "/no-such-page"]) {
    const { body } = await get(url);
    t.regex(body, /<script type="module" src="[^"]+"><\/script>/);
    t.notRegex(body, /<script(?! type="module" src=)|<style|\sstyle=|\son[a-z]+=/, url);
  }
});

test("hostile data is shown, and never becomes markup", async (t) => {
  const uuid = await addEvent("_lk.archive.package-src-removed", {
    pkg_name: HOSTILE,
    pkg_version: HOSTILE,
    repo: HOSTILE,
  });
  const foreign = await addEvent("_lk.strange.<img>", { [HOSTILE]: HOSTILE });
  await say(LOCAL_ROOM, "local:web", HOSTILE);
  const query = encodeURIComponent(HOSTILE);
  for (const url of ["/", `/events?package=${query}`, `/events/${uuid}`, `/events/${foreign}`]) {
    const { body, statusCode } = await get(url);
    t.is(statusCode, 200, url);
    t.false(body.includes("<script>alert"), url);
    t.false(body.includes("<img>"), url);
    t.false(body.includes("\u202e"), url);
    t.true(body.includes("&lt;script&gt;"), url);
  }
});

test("hostile words in an address do not become markup of the failure", async (t) => {
  const { statusCode, body } = await get(`/${encodeURIComponent(HOSTILE)}`);
  t.is(statusCode, 404);
  t.false(body.includes("<script>alert"));
});

test("an event's page tells what was signed, who heard of it and why", async (t) => {
  const uuid = await addEvent(UPLOAD, { repo: "demo", suite: "unstable", source_name: "told" });
  const [{ id } = { id: "" }] = await database().query<{ id: string }>(
    "select id from event where uuid = $1",
    [uuid],
  );
  const message = { tone: "good" as const, headline: ["x"] };
  await post("room:local", message, { reason: "route 3 of @admin:example.org" });
  await database().query("update delivery set event_id = $1 where event_id is null", [id]);
  const { body } = await get(`/events/${uuid}`);
  t.true(body.includes("route 3 of @admin:example.org"));
  t.true(body.includes("room:local"));
  t.true(body.includes(html`${JSON.stringify({ repo: "demo" }).slice(1, -1)}`.text));
  t.true(body.includes("on its way"));
});

test("an event nobody asked for says so", async (t) => {
  const uuid = await addEvent("_lk.core.ping", { node: "a" });
  t.true((await get(`/events/${uuid}`)).body.includes("no route asks for it"));
});

test("events are paged by what came before, and no row is shown twice or left out", async (t) => {
  for (let count = 0; count < 120; count++) {
    await addEvent("_lk.test.paged", { suite: "paged", name: `p${count}` });
  }
  const seen: string[] = [];
  let url: string | undefined = "/events?suite=paged";
  let count = 0;
  while (url !== undefined) {
    const { body }: { body: string } = await get(url);
    const rows = [...body.matchAll(/id="event-(\d+)"/g)].map(([, id]) => id ?? "");
    t.true(rows.length <= 50);
    seen.push(...rows);
    url = /rel="next" href="([^"]+)"/.exec(body)?.[1]?.replaceAll("&amp;", "&");
    count++;
  }
  t.is(count, 3);
  t.is(seen.length, 120);
  t.is(new Set(seen).size, 120);
});

test("events are narrowed by tag, by its beginning, and by package in any of its members", async (t) => {
  await addEvent("_lk.narrow.one", { pkgname: "narrow-a" });
  await addEvent("_lk.narrow.two", { source_package: "narrow-b", suites_source: ["narrow"] });
  const rows = async (query: string) =>
    [...(await get(`/events?${query}`)).body.matchAll(/id="event-/g)].length;
  t.is(await rows("tag=_lk.narrow.one"), 1);
  t.is(await rows("tag=_lk.narrow.*"), 2);
  t.is(await rows("package=narrow-b"), 1);
  t.is(await rows("suite=narrow"), 1);
  t.is(await rows("suite=narrow&package=narrow-a"), 0);
  t.true((await get("/events?tag=_lk.none")).body.includes("No event fits"));
});

for (const [url, what] of [
  ["/migrations/excuse/", "Migration excuse"],
  ["/jobs/job/", "Job"],
  ["/depcheck/demo/unstable/issue/", "Dependency issue"],
] as const) {
  test(`${url}UUID answers with what the journal knows`, async (t) => {
    const id = "6a0b8a52-c6a0-11f0-9a6c-5254001234ab";
    const other = "6a0b8a52-c6a0-11f0-9a6c-5254001234ac";
    await addEvent("_lk.test.known", { uuid: id, note: "the excuse" });
    await addEvent("_lk.test.known", { job_id: id, note: "the job" });
    const known = await get(url + id.toUpperCase());
    t.is(known.statusCode, 200);
    t.true(known.body.includes(what));
    t.true(known.body.includes("the job"));
    const unknown = await get(url + other);
    t.is(unknown.statusCode, 404);
    t.true(unknown.body.includes(`href="/events"`));
    t.is((await get(`${url}nonsense`)).statusCode, 400);
  });
}

test("an operation's page shows its progress while it runs, and a button to stop it", async (t) => {
  const caller = { name: "local:test", role: "admin", origin: "cli" } as const;
  const outcome = await ask(web.environment, {
    operation: "tidy",
    parameters: { suites: ["<b>"] },
    caller,
  });
  const number = "queued" in outcome ? outcome.queued.number : "";
  await database().query(
    `update operation set state = 'running', progress = $2 where number = $1`,
    [number, JSON.stringify({ step: "Reading <Sources>", done: 41, total: 100, unit: "steps" })],
  );
  for (const url of [`/operations/${number}`, "/operations", "/"]) {
    const { body } = await get(url);
    t.regex(body, /<progress [^>]*value="41"/, url);
    t.true(body.includes("Reading &lt;Sources&gt;"), url);
    t.true(body.includes(`action="/operations/${number}/cancel"`), url);
    t.false(body.includes("tidy <b>"), url);
  }
  const stopped = await web.server.inject({ method: "POST", url: `/operations/${number}/cancel` });
  t.is(stopped.statusCode, 303);
  t.true((await get(`/operations/${number}`)).body.includes("is being cancelled"));
});

test("what is typed without a script is said in the room, and leads back to it", async (t) => {
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const sent = await web.server.inject({
    method: "POST",
    url: "/room",
    headers: form,
    payload: "text=a+word",
  });
  t.is(sent.statusCode, 303);
  t.is(sent.headers["location"], "/#room-text");
  await web.server.inject({
    method: "POST",
    url: "/room",
    headers: form,
    payload: "text=&suggestion=why+mini",
  });
  const lines = (await readRoom(LOCAL_ROOM)).filter(({ body }) => /^(a word|why mini)$/.test(body));
  t.deepEqual(
    lines.map(({ body }) => body),
    ["a word", "why mini"],
  );
  t.is(lines.at(-1)?.sender, "local:web");
});

test("a mail's HTML is sent as a stranger's document, apart from the page", async (t) => {
  const source = [
    "From: Laniakea <laniakea@localhost>",
    "To: a@example.org",
    "Subject: <b>Hello</b>",
    "Message-ID: <1@localhost>",
    "MIME-Version: 1.0",
    'Content-Type: multipart/alternative; boundary="x"',
    "",
    "--x",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "plain <i>words</i>",
    "--x",
    "Content-Type: text/html; charset=utf-8",
    "",
    "<script>alert(1)</script><p>rich</p>",
    "--x--",
  ].join("\r\n");
  const [{ id } = { id: "" }] = await database().query<{ id: string }>(
    `insert into mailbox_message (recipient, sender, message_id, source)
     values ('a@example.org', 'laniakea@localhost', '1@localhost', $1) returning id`,
    [Buffer.from(source)],
  );
  const list = await get("/mail");
  t.true(list.body.includes("&lt;b&gt;Hello&lt;/b&gt;"));
  const mail = await get(`/mail/${id}`);
  t.true(mail.body.includes("plain &lt;i&gt;words&lt;/i&gt;"));
  t.regex(mail.body, /<iframe\s+sandbox\s/);
  t.false(mail.body.includes("alert(1)"));
  const frame = await get(`/mail/${id}/html`);
  t.regex(String(frame.headers["content-security-policy"]), /^sandbox; default-src 'none';/);
  t.true(frame.body.includes("<p>rich</p>"));
  t.is((await get("/mail/999999")).statusCode, 404);
});

test("who comes from elsewhere reads pages, but neither mail nor a form to write", async (t) => {
  const far = { "x-forwarded-for": "192.0.2.1" };
  const page = await get("/", far);
  t.is(page.statusCode, 200);
  t.false(page.body.includes(`method="post"`));
  t.is((await get("/mail", far)).statusCode, 401);
  const said = await web.server.inject({
    method: "POST",
    url: "/room",
    headers: { ...far, "content-type": "application/x-www-form-urlencoded" },
    payload: "text=hello",
  });
  t.is(said.statusCode, 401);
});

test("another host, another site and a body without a known form are refused", async (t) => {
  t.is((await get("/", { host: "evil.example" })).statusCode, 421);
  const crossSite = await web.server.inject({
    method: "POST",
    url: "/room",
    headers: {
      origin: "https://evil.example",
      "content-type": "application/x-www-form-urlencoded",
    },
    payload: "text=import",
  });
  t.is(crossSite.statusCode, 403);
  const plain = await web.server.inject({
    method: "POST",
    url: "/room",
    headers: { "content-type": "text/plain" },
    payload: "text=import",
  });
  t.is(plain.statusCode, 415);
});

test("a page that is not there names the next step", async (t) => {
  const { statusCode, body } = await get("/no-such-page");
  t.is(statusCode, 404);
  t.true(body.includes(`href="/events"`));
  t.true(body.includes(`href="/"`));
});

test("addresses that cannot be meant are refused, not crashed on", async (t) => {
  for (const url of [
    "/events?before=x",
    "/events?before=99999999999999999999",
    "/events/nonsense",
    "/operations/x",
    "/operations?before=-1",
    "/mail/abc",
    `/events?tag=${"x".repeat(300)}`,
    "/events?tag=a&tag=b",
    "/packages?name=%00",
    "/package/src/demo/%00",
    "/%ff",
  ]) {
    t.is((await get(url)).statusCode, 400, url);
  }
});

test("pages have a title, one main heading and a language", async (t) => {
  for (const { path } of pages.filter((page) => !page.path.includes(":"))) {
    const { body } = await get(path);
    t.regex(body, /<html lang="en">/);
    t.regex(body, /<title>[^<]+<\/title>/);
    t.is([...body.matchAll(/<h1/g)].length, 1, path);
  }
});

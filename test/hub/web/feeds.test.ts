import { parseFeed } from "@rowanmanning/feed-parser";
import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { addEvent, type StartedWeb, startWeb } from "./started-web.ts";

let web: StartedWeb;
test.before(async () => {
  web = await startWeb({ change: ({ config }) => (config.web.url = "https://lk.example.org") });
  await removed("bash", "sid");
  await removed("zsh", "sid");
  await removed("bash", "trixie");
});
test.after.always(() => web.stop());

function removed(name: string, suite: string): Promise<unknown> {
  return addEvent("_lk.archive.package-src-suite-deleted", {
    pkg_name: name,
    pkg_version: "1.0",
    repo: "master",
    suite,
  });
}

async function feed(path: string, headers: Record<string, string | undefined> = {}) {
  const reply = await web.server.inject({
    url: path,
    headers: { host: "lk.example.org", ...headers },
  });
  return reply;
}

test.serial("a feed of a package holds its news, newest first, and parses as Atom", async (t) => {
  const reply = await feed("/feed/package/bash.atom");
  t.is(reply.statusCode, 200);
  t.is(reply.headers["content-type"], "application/atom+xml; charset=utf-8");
  const parsed = parseFeed(reply.body);
  t.is(parsed.meta.type, "atom");
  t.is(parsed.title, "News of bash");
  t.is(parsed.self, "https://lk.example.org/feed/package/bash.atom");
  t.is(parsed.items.length, 2);
  for (const item of parsed.items) {
    t.regex(item.id ?? "", /^urn:uuid:[0-9a-f-]{36}$/);
    t.is(item.url, `https://lk.example.org/events/${item.id?.slice("urn:uuid:".length)}`);
    t.regex(item.title ?? "", /bash/);
    t.regex(item.content ?? "", /<p>/);
    t.true(item.updated instanceof Date);
  }
  const [first, second] = parsed.items.map((item) => Number(item.updated));
  t.true((first ?? 0) >= (second ?? 0));
});

test.serial("ids stay the same from one reading to the next", async (t) => {
  const ids = async () =>
    parseFeed((await feed("/feed/package/bash.atom")).body).items.map(({ id }) => id);
  t.deepEqual(await ids(), await ids());
});

test.serial("a suite has a feed", async (t) => {
  const parsed = parseFeed((await feed("/feed/suite/trixie.atom")).body);
  t.is(parsed.title, "News of the suite trixie");
  t.is(parsed.items.length, 1);
});

test.serial("a team has a feed of its packages; without a team there is none", async (t) => {
  await database().query(
    "insert into team (slug, name, packages, created_by) values ('shells', 'Shells', '{zsh}', 'x')",
  );
  const parsed = parseFeed((await feed("/feed/team/shells.atom")).body);
  t.is(parsed.items.length, 1);
  t.regex(parsed.items[0]?.title ?? "", /zsh/);
  t.is((await feed("/feed/team/nobody.atom")).statusCode, 404);
});

test.serial("who has the newest state is told so, until there is more", async (t) => {
  const { headers } = await feed("/feed/package/bash.atom");
  const etag = String(headers.etag);
  const modified = String(headers["last-modified"]);
  for (const known of [
    { "if-none-match": etag },
    { "if-none-match": `"other", W/${etag}` },
    { "if-modified-since": modified },
  ]) {
    const reply = await feed("/feed/package/bash.atom", known);
    t.is(reply.statusCode, 304);
    t.is(reply.body, "");
  }
  t.is((await feed("/feed/package/bash.atom", { "if-none-match": '"other"' })).statusCode, 200);
  await removed("bash", "forky");
  t.is((await feed("/feed/package/bash.atom", { "if-none-match": etag })).statusCode, 200);
});

test.serial(
  "whatever events hold, the feed is well formed and nothing in it is markup",
  async (t) => {
    const nasty = `<script>alert(1)</script>]]>&\u0000\u0007\ufffe\u202e"'`.replace("\u0000", "");
    await addEvent("_lk.archive.package-src-removed", {
      pkg_name: "nasty",
      pkg_version: nasty,
      repo: nasty,
    });
    const { body } = await feed("/feed/package/nasty.atom");
    t.notRegex(body, /[\u0000-\u0008\u000b-\u001f\ufffe\uffff\u202e]/);
    t.is(parseFeed(body).items.length, 1);
    t.notRegex(body, /<script/);
    // Escaped once as HTML and once more as XML; titles are text.
    const [, content = ""] = /<content type="html">(.*?)<\/content>/s.exec(body) ?? [];
    t.notRegex(content, /&lt;script/);
    t.regex(content, /&amp;lt;script&amp;gt;/);
  },
);

test.serial("of what nobody ever heard the feed is empty, and other names are none", async (t) => {
  const reply = await feed("/feed/package/unheard-of.atom");
  t.is(reply.statusCode, 200);
  t.deepEqual(parseFeed(reply.body).items, []);
  t.is((await feed("/feed/package/bash.rss")).statusCode, 404);
  t.is((await feed("/feed/person/bash.atom")).statusCode, 404);
});

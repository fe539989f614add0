import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { database } from "../../core/database/connect.ts";
import { silentLog } from "../../core/log.ts";
import { renderText } from "../../core/message.ts";
import { archive as archiveModule } from "../../core/modules/archive/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { channelKinds } from "../../hub/channels/index.ts";
import { LOCAL_ROOM } from "../../hub/channels/room/room.ts";
import { Delivery } from "../../hub/model/delivery.ts";
import { noticeBooks } from "../../hub/pacing/books.ts";
import { flushDue } from "../../hub/pacing/flush.ts";
import { createRouteBatch, type RoutingOptions } from "../../hub/routing/routing.ts";
import { subscribe } from "../../hub/routing/subscription/store.ts";
import { listEvents, PAGE_ROWS } from "../../hub/web/read/events.ts";
import type { EventFilter } from "../../hub/web/read/event-filter.ts";
import {
  AMD64,
  binary,
  configure,
  importOne,
  index,
  setUpArchiveEvents,
  source,
  SOURCES,
  tinyArchive,
} from "../support/archive.ts";
import { aptMirror, mirrorIndex } from "../support/debian-mirror.ts";
import { hubDatabase } from "../support/hub.ts";

/**
 * The storm: one import run that changes over 20,000 source packages, told to rooms that hear all,
 * to who follows one package, and to every maintainer. The packages are made up; with LK_FULL=1
 * they are those of Debian trixie (main, amd64), and then of forky under the same name, from apt's
 * mirror. Nothing is sent: what would be is in the outbox.
 */
const FULL = process.env["LK_FULL"] === "1";
const PACKAGES = 20_500;
const MAINTAINERS = 900;
const ROOMS = ["matrix:!all:example.org", LOCAL_ROOM];
const FOLLOWER = "email:follower@example.org";
const folder = mkdtempSync(join(tmpdir(), "lk-storm-"));

test.before(hubDatabase);
test.after.always(async () => {
  await database().close();
  await rm(folder, { recursive: true });
});

/** The indices of a state: a version of all made up packages, or a suite of Debian. */
async function indicesOf(state: "first" | "second", t: ExecutionContext) {
  const mirror = aptMirror();
  if (FULL && mirror !== undefined) {
    const suite = state === "first" ? "trixie" : "forky";
    const [sources, packages] = await Promise.all([
      whole(mirror, suite, SOURCES),
      whole(mirror, suite, AMD64),
    ]);
    t.log(`${suite}: ${sources.length + packages.length} bytes of indices`);
    return { [SOURCES]: sources, [AMD64]: packages };
  }
  const names = Array.from({ length: PACKAGES }, (_, n) => `pkg${n}`);
  const version = state === "first" ? "1" : "2";
  const stanza = (name: string, n: number): string =>
    source(name, version, { Maintainer: `M ${n} <m${n % MAINTAINERS}@example.org>` });
  // The last hundred leave with the second state.
  const kept = state === "first" ? names : names.slice(0, -100);
  return { [SOURCES]: index(...kept.map(stanza)), [AMD64]: index(binary("pkg0", version)) };
}

async function whole(mirror: string, suite: string, path: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await mirrorIndex(mirror, suite, path)) ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

/** All events that a filter finds, page by page as the page shows them. */
async function found(filter: EventFilter): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let before: string | undefined; ;) {
    const page = await listEvents({ ...filter, before }, PAGE_ROWS);
    for (const { id } of page) ids.add(id);
    if (page.length < PAGE_ROWS) return ids;
    before = page.at(-1)?.id;
  }
}

test("a storm is few messages for everybody, and every event is found", async (t) => {
  t.timeout(FULL ? 3_600_000 : 300_000);
  setUpArchiveEvents();
  const archive = await tinyArchive({ indices: await indicesOf("first", t) });
  const { name } = archive.content;
  await configure(archive, { sources: true });
  await importOne(name);
  const options: RoutingOptions = {
    registry: createRegistry([archiveModule]),
    links: { web: "https://lk.example.org" },
    kinds: channelKinds,
    announce: { other: "", suites: {} },
    configured: [...ROOMS, "email:list@example.org"].map((destination) => ({
      name: "a test",
      destination,
    })),
    coverage: "all",
    log: silentLog(),
  };
  const route = createRouteBatch(options);
  while ((await route()) > 0);
  await database().query("truncate pace, bundle, notice, delivery cascade");
  const followed = FULL ? "bash" : "pkg17";
  await subscribe({
    kind: "package",
    value: followed,
    condition: "",
    destination: FOLLOWER,
    owner: "anna",
    createdBy: "anna",
  });

  await archive.publish({ indices: await indicesOf("second", t) });
  const importing = performance.now();
  await importOne(name);
  t.log(`imported in ${seconds(importing)}`);
  const tag = "_lk.archive.package-changed";
  const [row] = await database().query<{ count: number }>(
    "select count(*)::integer as count from event where tag = $1",
    [tag],
  );
  const events = row?.count ?? 0;
  t.true(events > 20_000, `${events} packages changed`);
  const routing = performance.now();
  while ((await route()) > 0);
  t.log(`${events} events routed in ${seconds(routing)}`);
  const now = Date.now();
  for (let s = 0; s < 3_600; s += 5) {
    while ((await flushDue(options, new Date(now + s * 1_000))).served > 0);
  }

  const deliveries = await Delivery.findAll({ order: ["number"] });
  for (const room of ROOMS) {
    const own = deliveries.filter(({ destination }) => destination === room);
    const messages = own.filter(({ edits }) => edits === null);
    t.log(`${room}: ${messages.length} messages, ${own.length - messages.length} edits`);
    t.true(messages.length <= 10);
    const last = own.at(-1);
    t.log(last === undefined ? "nothing" : renderText(last.message));
    t.regex(JSON.stringify(last?.message), new RegExp(`told=${messages[0]?.id}`));
    const [covered] = await database().query(
      "select count(*)::integer as count from notice where delivery_id = $1 and state = 'told'",
      [messages[0]?.id],
    );
    t.deepEqual(covered, { count: events });
  }
  const mails = deliveries.filter(({ destination }) => destination.startsWith("email:"));
  const readers = new Set(mails.map(({ destination }) => destination));
  t.log(`${mails.length} mails to ${readers.size} addresses`);
  t.is(mails.length, readers.size, "at most one mail for each person");
  t.regex(
    JSON.stringify(mails.find(({ destination }) => destination === FOLLOWER)?.message),
    new RegExp(followed),
  );
  t.is((await found({ tag, suite: name })).size, events);
  const mail = mails.find(({ destination }) => destination === "email:list@example.org");
  t.is((await listEvents({ told: mail?.id }, PAGE_ROWS)).length, PAGE_ROWS);
  const books = await noticeBooks();
  t.log(books);
  t.like(books, { held: 0, astray: 0 });
  t.is(books.decided, books.told + books.collapsed + books.suppressed + books.silent);
  await archive.remove();
});

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`;
}

import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { loadSettings } from "../../core/config.ts";
import { database } from "../../core/database/connect.ts";
import { silentLog } from "../../core/log.ts";
import { Event } from "../../core/model/event.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import type { Service } from "../../core/service.ts";
import { createHub } from "../../hub/main.ts";
import { Delivery } from "../../hub/model/delivery.ts";
import { hubModule } from "../../hub/module.ts";
import { deliveryBooks, post } from "../../hub/delivery/outbox.ts";
import { eventually } from "../support/eventually.ts";
import { hubDatabase, says } from "../support/hub.ts";
import { type Exim, type Letter, startExim, whyNoExim } from "./exim-server.ts";

const missing = whyNoExim();
const folder = mkdtempSync(join(tmpdir(), "lk-exim-hub-"));
let exim: Exim | undefined;
let started: Service[] = [];

const real = missing === undefined ? test.serial : test.serial.skip;
const title = (what: string): string => (missing === undefined ? what : `${what} # ${missing}`);

test.before(async () => {
  if (missing !== undefined) return;
  exim = await startExim();
  await hubDatabase();
  const file = join(folder, "config.toml");
  writeFileSync(
    file,
    `[email]
smtp = "${exim.url}"
from = "Laniakea ÄOS <laniakea@example.org>"
to = "${exim.person}"
`,
  );
  const settings = loadSettings({ file, dataDirectory: folder });
  const registry = createRegistry([...coreModules, hubModule]);
  const { services } = createHub({ settings, registry, log: silentLog() });
  for (const service of services) {
    started.push(service);
    await service.start();
  }
});
test.after.always(async () => {
  for (const service of started.reverse()) await service.stop();
  started = [];
  if (missing === undefined) await database().close();
  await exim?.remove();
  rmSync(folder, { recursive: true, force: true });
});

function letters(): Letter[] {
  return exim?.letters() ?? [];
}

async function journal(name: string): Promise<string> {
  const uuid = randomUUID();
  const tag = "_lk.archive.package-src-removed";
  const data = { pkg_name: name, pkg_version: "5.3-1", repo: "master" };
  await Event.create({
    uuid,
    tag,
    time: new Date(),
    signer: "master-archive",
    origin: "bus",
    body: JSON.stringify({ tag, uuid, data }),
    data,
  });
  return uuid;
}

async function settled(t: ExecutionContext, pending = 0): Promise<void> {
  await eventually(async () => (await deliveryBooks()).pending === pending, "all sent");
  const books = await deliveryBooks();
  t.is(books.created, books.sent + books.pending + books.dead + books.cancelled);
}

real(
  title("an event is once in the mailbox of a real mail server, in text and HTML"),
  async (t) => {
    await journal("<b>bäsh</b>");
    await settled(t);
    await eventually(() => letters().length > 0, "in the mailbox");
    const [letter, ...others] = letters();
    t.deepEqual(others, []);
    const delivery = await Delivery.findOne({
      where: { destination: "email:news@example.org" },
      rejectOnEmpty: true,
    });
    t.like(letter, {
      from: "Laniakea ÄOS <laniakea@example.org>",
      to: "news@example.org",
      id: `<${delivery.id}@example.org>`,
      event: "_lk.archive.package-src-removed",
      received: 1,
      types: ["multipart/alternative", "text/plain", "text/html"],
    });
    t.regex(letter?.subject ?? "", /<b>bäsh<\/b> 5\.3-1 was removed from master/);
    t.regex(letter?.text ?? "", /<b>bäsh<\/b>/);
    t.regex(letter?.html ?? "", /&lt;b&gt;bäsh&lt;\/b&gt;/);
  },
);

real(
  title("an address that the server does not know is dead at once, with its reply"),
  async (t) => {
    const id = await post("email:nobody@example.org", says("hello"));
    await settled(t);
    const delivery = await Delivery.findByPk(id, { rejectOnEmpty: true });
    t.like(delivery.toJSON(), { state: "dead", attempts: 1 });
    t.regex(delivery.lastError ?? "", /^550 .*\(RCPT TO\)$/);
  },
);

real(title("what happens while the server is down arrives when it is up again"), async (t) => {
  const before = letters().length;
  await exim?.pause();
  const names = ["while-down-1", "while-down-2", "while-down-3"];
  for (const name of names) await journal(name);
  await eventually(async () => {
    const waiting = { destination: "email:news@example.org", state: "pending" };
    const first = await Delivery.findOne({ where: waiting, order: ["number"] });
    return (first?.attempts ?? 0) > 1;
  }, "tried in vain");
  await exim?.resume();
  await settled(t);
  await eventually(() => letters().length >= before + names.length, "in the mailbox");
  const late = letters().slice(before);
  t.deepEqual(
    late.map(({ subject }) => names.find((name) => subject.includes(name))),
    names,
  );
});

real(title("the mail server has nothing to complain of"), (t) => {
  t.is(exim?.complaints(), "");
});

import { randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { loadSettings } from "../../core/config.ts";
import { connect, database, type DatabaseAddress } from "../../core/database/connect.ts";
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
import { defineHubModels } from "../../hub/model/index.ts";
import { listSuspensions } from "../../hub/mail/standing.ts";
import { testDatabaseAddress } from "../support/database.ts";
import { says } from "../support/hub.ts";
import { type Exim, type Letter, startExim, whyNoExim } from "./exim-server.ts";

const missing = whyNoExim();
const folder = mkdtempSync(join(tmpdir(), "lk-exim-hub-"));
let exim: Exim | undefined;
let started: Service[] = [];

const real = missing === undefined ? test.serial : test.serial.skip;
const title = (what: string): string => (missing === undefined ? what : `${what} # ${missing}`);

test.before(async () => {
  if (missing !== undefined) return;
  const address = await testDatabaseAddress();
  await connect(address);
  defineHubModels(database().sequelize);
  exim = await startExim(receiveScript(address));
  const file = join(folder, "config.toml");
  writeFileSync(
    file,
    `[email]
smtp = "${exim.url}"
from = "Laniakea ÄOS <laniakea@example.org>"
to = "${exim.person}"
bounces = "bounces@example.org"
control = "control@example.org"
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

/**
 * What the mail server calls: the real program, as the server's own user, which may open the
 * database.
 */
function receiveScript({ socketDirectory = "", user, database: name }: DatabaseAddress): string {
  for (let path = socketDirectory; path.length > tmpdir().length; path = dirname(path)) {
    chmodSync(path, 0o755);
  }
  chmodSync(folder, 0o755);
  const config = join(folder, "receive.toml");
  const url = `postgres://${user}@localhost/${name}?host=${encodeURIComponent(socketDirectory)}`;
  writeFileSync(config, `[database]\nurl = "${url}"\n`);
  const script = join(folder, "receive");
  const program = join(import.meta.dirname, "../../lk.js");
  const command = `exec ${process.execPath} ${program} --config ${config} --data ${folder}/none mail receive`;
  writeFileSync(script, `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  return script;
}

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
  for (const name of names) await post("email:news@example.org", says(name));
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

real(
  title("what the mail server could not deliver comes back through its pipe, and counts"),
  async (t) => {
    const ids = [];
    for (let count = 0; count < 3; count++) {
      ids.push(await post("email:gone@example.org", says(`hello ${count}`)));
    }
    await settled(t);
    await eventually(async () => (await listSuspensions()).length > 0, "suspended");
    const [suspension] = await listSuspensions();
    t.is(suspension?.address, "gone@example.org");
    t.regex(suspension?.reason ?? "", /5\.0\.0/);
    const came = await database().query<{ sender: string; recipient: string; outcome: string }>(
      "select sender, recipient, outcome from incoming_mail order by id",
    );
    t.is(came.length, 3);
    for (const { sender, recipient, outcome } of came) {
      t.is(sender, "");
      t.regex(recipient, /^bounces\+[a-z2-7]{42}@example\.org$/);
      t.regex(outcome, /^report 5\.0\.0: (counted|suspended)$/);
    }
    const delivery = await Delivery.findByPk(ids[0] ?? "", { rejectOnEmpty: true });
    t.like(delivery.toJSON(), { state: "sent" });
    t.regex(delivery.lastError ?? "", /^undeliverable: 5\.0\.0/);
    const late = await post("email:gone@example.org", says("one more"));
    await settled(t);
    const kept = await Delivery.findByPk(late, { rejectOnEmpty: true });
    t.is(kept.state, "cancelled");
  },
);

real(title("the mail server has nothing to complain of"), (t) => {
  t.is(exim?.complaints(), "");
});

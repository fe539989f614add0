import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  accessSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, connect as connectTo, createServer } from "node:net";
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
import { deliveryBooks, post } from "../../hub/outbox.ts";
import { eventually } from "../support/eventually.ts";
import { hubDatabase, says } from "../support/hub.ts";

/** Debian's exim4-daemon-light, with a configuration, a spool and a mailbox of its own. */
const EXIM = "/usr/sbin/exim4";
const USER = "Debian-exim";
const PYTHON = "/usr/bin/python3";

const missing = whatIsMissing();
const folder = mkdtempSync(join(tmpdir(), "lk-exim-"));
const mailbox = join(folder, "mail", "news");
let port = 0;
let daemon: ChildProcess | undefined;
let started: Service[] = [];

function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "exim needs root to take on its own user";
  for (const file of [EXIM, PYTHON]) {
    try {
      accessSync(file);
    } catch {
      return `${file} is not installed (apt-get install exim4-daemon-light python3)`;
    }
  }
  return undefined;
}

const real = missing === undefined ? test.serial : test.serial.skip;
const title = (what: string): string => (missing === undefined ? what : `${what} # ${missing}`);

function configuration(): string {
  return `primary_hostname = mail.example.org
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
pid_file_path = ${folder}/spool/exim.pid
exim_user = ${USER}
exim_group = ${USER}
deliver_drop_privilege = true
acl_smtp_rcpt = recipients
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
keep_environment =
message_size_limit = 1M

begin acl
recipients:
  require verify = recipient
  accept

begin routers
news:
  driver = accept
  domains = example.org
  local_parts = news
  transport = mailbox

begin transports
mailbox:
  driver = appendfile
  file = ${mailbox}
  user = ${USER}
  group = ${USER}
  mode = 0600
  delivery_date_add
  envelope_to_add
  return_path_add
`;
}

function ids(): [uid: number, gid: number] {
  const [uid = 0, gid = 0] = ["-u", "-g"].map((flag) =>
    Number(execFileSync("/usr/bin/id", [flag, USER]).toString()),
  );
  return [uid, gid];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return free;
}

function greets(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(port, "127.0.0.1");
    socket.once("data", (data) => {
      socket.end("QUIT\r\n");
      resolve(data.toString().startsWith("220 "));
    });
    socket.once("error", () => resolve(false));
  });
}

async function startExim(): Promise<void> {
  const given = ["-C", join(folder, "exim.conf"), "-bdf"];
  daemon = spawn(EXIM, given, { stdio: "inherit", detached: true });
  await eventually(greets, "exim answers");
}

/** Also the processes that serve connections: they outlive the one that listens. */
async function stopExim(): Promise<void> {
  if (daemon?.pid === undefined || daemon.exitCode !== null) return;
  const gone = once(daemon, "exit");
  process.kill(-daemon.pid, "SIGTERM");
  await gone;
}

test.before(async () => {
  if (missing !== undefined) return;
  const [uid, gid] = ids();
  chmodSync(folder, 0o755);
  for (const name of ["spool", "log", "mail"]) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), uid, gid);
  }
  port = await freePort();
  writeFileSync(join(folder, "exim.conf"), configuration(), { mode: 0o644 });
  await startExim();
  await hubDatabase();
  const file = join(folder, "config.toml");
  writeFileSync(
    file,
    `[email]
smtp = "smtp://127.0.0.1:${port}"
from = "Laniakea ÄOS <laniakea@example.org>"
to = "news@example.org"
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
  await stopExim();
  rmSync(folder, { recursive: true, force: true });
});

interface Letter {
  from: string;
  to: string;
  subject: string;
  id: string;
  event: string;
  received: number;
  types: string[];
  text: string;
  html: string;
}

/** The mailbox as Python's standard library reads it. */
function letters(): Letter[] {
  if (!existsSync(mailbox)) return [];
  const script = `
import json, mailbox, email.policy, email, sys
result = []
for raw in mailbox.mbox(sys.argv[1], create=False):
    message = email.message_from_bytes(raw.as_bytes(), policy=email.policy.default)
    result.append({
        "from": str(message["from"]), "to": str(message["to"]),
        "subject": str(message["subject"]), "id": str(message["message-id"]),
        "event": str(message["x-laniakea-event"]),
        "received": len(message.get_all("received")),
        "types": [part.get_content_type() for part in message.walk()],
        "text": message.get_body(("plain",)).get_content(),
        "html": message.get_body(("html",)).get_content(),
    })
json.dump(result, sys.stdout)`;
  return JSON.parse(execFileSync(PYTHON, ["-c", script, mailbox]).toString()) as Letter[];
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
    publishedAt: new Date(),
    routedAt: null,
    consideredAt: null,
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
  await stopExim();
  const names = ["while-down-1", "while-down-2", "while-down-3"];
  for (const name of names) await journal(name);
  await eventually(async () => {
    const waiting = { destination: "email:news@example.org", state: "pending" };
    const first = await Delivery.findOne({ where: waiting, order: ["number"] });
    return (first?.attempts ?? 0) > 1;
  }, "tried in vain");
  await startExim();
  await settled(t);
  await eventually(() => letters().length >= before + names.length, "in the mailbox");
  const late = letters().slice(before);
  t.deepEqual(
    late.map(({ subject }) => names.find((name) => subject.includes(name))),
    names,
  );
});

test("the log of the mail server is quiet", (t) => {
  const panic = join(folder, "log", "paniclog");
  t.is(existsSync(panic) ? readFileSync(panic, "utf8") : "", "");
});

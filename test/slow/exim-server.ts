import { type ChildProcess, execFileSync, spawn } from "node:child_process";
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
import { connect as connectTo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/system.ts";

/** Debian's exim4-daemon-light, with a configuration, a spool and a mailbox of its own. */
export interface Exim {
  /** For `email.smtp`. */
  url: string;
  /** The one address it delivers to; it refuses all others. */
  person: string;
  /** Its mailbox as Python's standard library reads it. */
  letters(): Letter[];
  /** What it complained of in its panic log; empty when all was well. */
  complaints(): string;
  /** Stops it for a while. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Stops it for good and removes its files. */
  remove(): Promise<void>;
}

/** A mail in the mailbox. */
export interface Letter {
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

const EXIM = "/usr/sbin/exim4";
const USER = "Debian-exim";
const PYTHON = "/usr/bin/python3";

/** Why Exim cannot be started here, or undefined when it can. */
export function whyNoExim(): string | undefined {
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

/**
 * @param receive script that takes mail for bounces@ and control@ on standard input, as an alias
 *   with a pipe does; its status decides
 */
export async function startExim(receive?: string): Promise<Exim> {
  const folder = mkdtempSync(join(tmpdir(), "lk-exim-"));
  const mailbox = join(folder, "mail", "news");
  const [port = 0] = await freePorts(1);
  const [uid, gid] = ids();
  chmodSync(folder, 0o755);
  for (const name of ["spool", "log", "mail"]) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), uid, gid);
  }
  writeFileSync(join(folder, "exim.conf"), configuration(folder, mailbox, port, receive), {
    mode: 0o644,
  });
  let daemon: ChildProcess | undefined;

  async function resume(): Promise<void> {
    const given = ["-C", join(folder, "exim.conf"), "-bdf"];
    daemon = spawn(EXIM, given, { stdio: "inherit", detached: true });
    await eventually(() => greets(port), "exim answers");
  }

  /** Also the processes that serve connections: they outlive the one that listens. */
  async function pause(): Promise<void> {
    if (daemon?.pid === undefined || daemon.exitCode !== null) return;
    const gone = once(daemon, "exit");
    process.kill(-daemon.pid, "SIGTERM");
    await gone;
  }

  await resume();
  return {
    url: `smtp://127.0.0.1:${port}`,
    person: "news@example.org",
    letters: () => readLetters(mailbox),
    complaints: () => {
      const panic = join(folder, "log", "paniclog");
      return existsSync(panic) ? readFileSync(panic, "utf8") : "";
    },
    pause,
    resume,
    remove: async () => {
      await pause();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(
  folder: string,
  mailbox: string,
  port: number,
  receive: string | undefined,
): string {
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
  # It leaves later, and then comes back as a report.
  accept local_parts = gone
  require verify = recipient
  accept

begin routers
news:
  driver = accept
  domains = example.org
  local_parts = news
  transport = mailbox

gone:
  driver = redirect
  domains = example.org
  local_parts = gone
  data = :fail: user has left
  allow_fail
${receive === undefined ? "" : PIPE_ROUTER}
begin transports
${receive === undefined ? "" : pipeTransport(receive)}
mailbox:
  driver = appendfile
  file = ${mailbox}
  user = ${USER}
  group = ${USER}
  mode = 0600
  delivery_date_add
  envelope_to_add
  return_path_add

begin retry
* * F,1h,1m
`;
}

const PIPE_ROUTER = `
incoming:
  driver = accept
  domains = example.org
  local_parts = bounces : control
  local_part_suffix = +*
  local_part_suffix_optional
  transport = receive
`;

function pipeTransport(receive: string): string {
  return `receive:
  driver = pipe
  command = ${receive}
  user = ${USER}
  group = ${USER}
  temp_errors = *
  timeout = 2m
  return_output = false
`;
}

function ids(): [uid: number, gid: number] {
  const [uid = 0, gid = 0] = ["-u", "-g"].map((flag) =>
    Number(execFileSync("/usr/bin/id", [flag, USER]).toString()),
  );
  return [uid, gid];
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(port, "127.0.0.1");
    socket.once("data", (data) => {
      socket.end("QUIT\r\n");
      resolve(data.toString().startsWith("220 "));
    });
    socket.once("error", () => resolve(false));
  });
}

function readLetters(mailbox: string): Letter[] {
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

import { statSync } from "node:fs";
import test from "ava";
import { settingPath } from "../../../core/config.ts";
import { database } from "../../../core/database/connect.ts";
import type { Health } from "../../../hub/web/health.ts";
import { addEvent, type StartedWeb, startWeb } from "./started-web.ts";

let web: StartedWeb;
let matrix: Health = { state: "off", detail: "not configured" };
test.before(async () => {
  const checks = [{ name: "matrix", check: () => Promise.resolve(matrix) }];
  web = await startWeb({
    checks,
    change: ({ config }) => (config.email.smtp = "smtp://mail.example.org"),
  });
});
test.after.always(() => web.stop());

async function ready() {
  const reply = await web.server.inject("/readyz");
  return { status: reply.statusCode, ...reply.json() };
}

test("the process says that it lives", async (t) => {
  const reply = await web.server.inject("/healthz");
  t.is(reply.statusCode, 200);
  t.deepEqual(reply.json(), { alive: true });
});

test("the token is made once, for the owner's eyes only", (t) => {
  const { settings } = web.environment;
  const file = settingPath(settings, settings.config.web.token_file);
  t.is(statSync(file).mode & 0o777, 0o600);
  t.true(web.token.length >= 43);
});

test.serial(
  "ready while every part answers; what is not configured is off, which is no fault",
  async (t) => {
    const { status, parts } = await ready();
    t.is(status, 200);
    t.deepEqual(
      parts.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`),
      [
        "database ok",
        "bus off",
        "lighthouse ok",
        "hub ok",
        "dispatcher ok",
        "runner ok",
        "email ok",
        "matrix off",
      ],
    );
  },
);

const faults: [string, string, string, string][] = [
  [
    "lighthouse",
    `update event set received_at = now() - interval '5 minutes';
     insert into event_unnumbered select id from event`,
    "delete from event_unnumbered",
    "events have waited for 30",
  ],
  [
    "hub",
    `update event set received_at = now() - interval '5 minutes';
     insert into event_to_route select id from event on conflict do nothing`,
    "delete from event_to_route",
    "events have waited for 30",
  ],
  [
    "dispatcher",
    `insert into delivery (destination, message, reason, next_attempt_at)
     values ('room:local', '{}', 'x', now() - interval '5 minutes')`,
    "delete from delivery",
    "room deliveries have waited for 30",
  ],
  [
    "email",
    `insert into channel_stop (channel, reason, retry_at) values ('email', 'wrong password', now())`,
    "delete from channel_stop",
    "stopped: wrong password",
  ],
  [
    "email",
    `insert into delivery (destination, message, reason, created_at, attempted_at,
       next_attempt_at, attempts, last_error)
     values ('email:a@example.org', '{}', 'x', now() - interval '5 minutes', now(),
       now() + interval '5 minutes', 3, 'connection refused')`,
    "delete from delivery",
    "1 delivery cannot be sent: connection refused",
  ],
  [
    "runner",
    `insert into operation (name, parameters, caller, caller_role, origin, created_at)
     values ('x', '{}', 'a', 'admin', 'cli', now() - interval '5 minutes')`,
    "delete from operation",
    "operations have waited for 30",
  ],
];
for (const [part, fault, cure, reason] of faults) {
  test.serial(`not ready, and ${part} is named: ${reason}`, async (t) => {
    await addEvent("_lk.core.ping", {});
    await database().query(fault);
    const { status, parts } = await ready();
    await database().query(cure);
    t.is(status, 503);
    const failing = parts.filter(({ state }: Health) => state === "failing");
    t.deepEqual(
      failing.map(({ name }: { name: string }) => name),
      [part],
    );
    t.true(failing[0].detail.startsWith(reason), failing[0].detail);
    t.is((await ready()).status, 200);
  });
}

test.serial(
  "a part that a program adds is asked too, and one that throws is failing",
  async (t) => {
    matrix = { state: "failing", detail: "the homeserver does not answer" };
    const { status, parts } = await ready();
    matrix = { state: "off", detail: "not configured" };
    t.is(status, 503);
    t.like(parts.at(-1), { name: "matrix", detail: "the homeserver does not answer" });
  },
);

test.serial("the books are metrics, and a label holds whatever is in the database", async (t) => {
  await addEvent("_lk.core.ping", {});
  await database().query(`insert into intake_tally values ('quarantined:wrong-signature', 3),
    ('quarantined:a"b', 1), ('received', 9)`);
  await database().query(
    `insert into delivery (destination, message, reason, state) values
      ('email:a@example.org', '{}', 'x', 'sent'), ('email:b@example.org', '{}', 'x', 'dead')`,
  );
  const { body, headers, statusCode } = await web.server.inject("/metrics");
  t.is(statusCode, 200);
  t.regex(String(headers["content-type"]), /^text\/plain; version=0\.0\.4/);
  for (const line of [
    /^laniakea_events\{origin="local"\} [1-9]/m,
    /^laniakea_intake_quarantined_total\{reason="wrong-signature"\} 3$/m,
    /^laniakea_intake_quarantined_total\{reason="a\\"b"\} 1$/m,
    /^laniakea_intake_frames_total\{outcome="received"\} 9$/m,
    /^laniakea_deliveries\{channel="email",state="sent"\} 1$/m,
    /^laniakea_deliveries\{channel="email",state="dead"\} 1$/m,
    /^laniakea_part_ready\{part="database"\} 1$/m,
    /^process_resident_memory_bytes /m,
  ]) {
    t.true(line.test(body), String(line));
  }
});

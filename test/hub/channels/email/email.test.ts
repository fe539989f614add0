import { randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type { Channel, Outgoing } from "../../../../hub/channels/channel.ts";
import { email } from "../../../../hub/channels/email/index.ts";
import { channelContext, says } from "../../../support/hub.ts";
import { startMailServer } from "../../../support/smtp.ts";

const { signal } = new AbortController();

function outgoing(address: string, part: Partial<Outgoing> = {}): Outgoing {
  return {
    id: randomUUID(),
    destination: `email:${address}`,
    address,
    message: says("hello"),
    subject: { repository: "master", packages: ["bash"], tag: "_lk.archive.x" },
    reason: "test",
    final: true,
    attempt: 1,
    createdAt: new Date("2026-11-22T10:00:00Z"),
    ...part,
  };
}

async function withChannel(
  config: Record<string, unknown>,
  work: (channel: Channel) => Promise<void>,
): Promise<void> {
  const channel = email.create(channelContext({ email: config }));
  if (channel === undefined) throw new Error("no channel");
  await channel.start?.();
  try {
    await work(channel);
  } finally {
    await channel.stop?.();
  }
}

test("a mail arrives with text and HTML, from and to whom it should", async (t) => {
  const server = await startMailServer();
  const from = "Ex ÄOS <laniakea@example.org>";
  await withChannel({ smtp: server.url, from }, async (channel) => {
    const delivery = outgoing("anna@example.org");
    t.deepEqual(await channel.send(delivery, signal), {
      outcome: "delivered",
      remoteId: `<${delivery.id}@example.org>`,
    });
    const [mail] = server.mails;
    t.like(mail, { from: "laniakea@example.org", to: "anna@example.org" });
    t.is(mail?.parsed.messageId, `<${delivery.id}@example.org>`);
    t.is(mail?.parsed.from?.text, '"Ex ÄOS" <laniakea@example.org>');
    t.regex(mail?.parsed.text ?? "", /hello/);
    t.regex(mail?.parsed.html || "", /<p>.*hello<\/p>/);
    t.regex(mail?.source ?? "", /^X-Laniakea-Package: bash\r$/m);
    t.regex(mail?.source ?? "", /^Content-Type: multipart\/alternative/m);
  });
  await server.close();
});

test("the same delivery has the same Message-ID, also when the answer got lost", async (t) => {
  const server = await startMailServer();
  await withChannel({ smtp: server.url }, async (channel) => {
    const delivery = outgoing("anna@example.org");
    server.fail("anna@example.org", { at: "data", cut: "after", times: 1 });
    let outcome = await channel.send(delivery, signal);
    if (outcome.outcome !== "delivered") {
      t.like(outcome, { outcome: "failed", retry: true });
      outcome = await channel.send({ ...delivery, attempt: 2 }, signal);
    }
    t.like(outcome, { outcome: "delivered" });
    t.is(server.mails.length, 2);
    t.is(new Set(server.mails.map((mail) => mail.parsed.messageId)).size, 1);
  });
  await server.close();
});

test("refusals are told apart, and the connection serves on", async (t) => {
  const server = await startMailServer();
  await withChannel({ smtp: server.url }, async (channel) => {
    server.fail("gone@example.org", { at: "rcpt", code: 550, text: "no such user" });
    server.fail("later@example.org", { at: "rcpt", code: 450, text: "greylisted" });
    server.fail("spam@example.org", { at: "data", code: 554, text: "looks like spam" });
    t.like(await channel.send(outgoing("gone@example.org"), signal), { retry: false });
    t.like(await channel.send(outgoing("later@example.org"), signal), { retry: true });
    t.like(await channel.send(outgoing("spam@example.org"), signal), { retry: false });
    t.like(await channel.send(outgoing("anna@example.org"), signal), { outcome: "delivered" });
  });
  await server.close();
});

test("a server that is not there is tried again", async (t) => {
  const server = await startMailServer();
  await server.close();
  await withChannel({ smtp: server.url }, async (channel) => {
    const outcome = await channel.send(outgoing("anna@example.org"), signal);
    t.like(outcome, { outcome: "failed", retry: true });
    t.false("stop" in outcome);
  });
});

test("a wrong password stops the channel; the password is read from its file", async (t) => {
  let password = "right";
  const server = await startMailServer({ login: { user: "lk", password: () => password } });
  const folder = mkdtempSync(join(tmpdir(), "lk-mail-"));
  const file = join(folder, "password");
  writeFileSync(file, "right\n");
  chmodSync(file, 0o600);
  const smtp = `smtp://lk@127.0.0.1:${server.port}`;
  await withChannel({ smtp, password_file: file }, async (channel) => {
    t.like(await channel.send(outgoing("anna@example.org"), signal), { outcome: "delivered" });
  });
  password = "changed";
  await withChannel({ smtp, password_file: file }, async (channel) => {
    const outcome = await channel.send(outgoing("anna@example.org"), signal);
    t.like(outcome, { outcome: "failed", retry: true, stop: true });
    t.notRegex(JSON.stringify(outcome), /right/);
  });
  rmSync(folder, { recursive: true });
  await server.close();
});

test("in trials mail goes to nobody who is not listed", async (t) => {
  const server = await startMailServer();
  await withChannel({ smtp: server.url, only_to: ["*@example.org"] }, async (channel) => {
    t.like(await channel.send(outgoing("eve@example.net"), signal), { outcome: "skipped" });
    t.like(await channel.send(outgoing("anna@example.org"), signal), { outcome: "delivered" });
  });
  t.deepEqual(
    server.mails.map((mail) => mail.to),
    ["anna@example.org"],
  );
  await server.close();
});

test("an aborted send ends at once", async (t) => {
  const server = await startMailServer();
  await withChannel({ smtp: server.url }, async (channel) => {
    server.fail("slow@example.org", { at: "data", slowMs: 60_000, times: 1 });
    const outcome = await channel.send(outgoing("slow@example.org"), AbortSignal.timeout(200));
    t.like(outcome, { outcome: "failed", retry: true });
  });
  await server.close();
});

for (const [config, fault] of [
  [{ smtp: "mail.example.org" }, /email\.smtp/],
  [{ smtp: "http://mail.example.org" }, /email\.smtp/],
  [{ from: "nobody at all" }, /email\.from/],
  [{ smtp: "smtp://lk@mail.example.org", password_file: "/nonexistent/x" }, /does not exist/],
] as const) {
  test(`${JSON.stringify(config)} is refused`, (t) => {
    t.throws(() => email.create(channelContext({ email: config })), { message: fault });
  });
}

test("a program takes mail as sendmail does, and its faults are told apart", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "lk-sendmail-"));
  const program = join(folder, "sendmail");
  const mailOf = join(folder, "mail");
  function answers(status: number): void {
    const script = `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/words'\ncat > '${mailOf}'\n`;
    writeFileSync(program, `${script}exit ${status}\n`);
    chmodSync(program, 0o755);
  }
  const config = { smtp: `sendmail:${program}`, from: "laniakea@example.org" };
  await withChannel(config, async (channel) => {
    answers(0);
    t.like(await channel.send(outgoing("anna@example.org"), signal), { outcome: "delivered" });
    t.regex(readFileSync(mailOf, "utf8"), /^To: anna@example\.org$/m);
    const words = readFileSync(join(folder, "words"), "utf8").trim().split("\n");
    t.is(words.at(-1), "anna@example.org");
    // EX_TEMPFAIL of sysexits.h
    answers(75);
    const busy = await channel.send(outgoing("anna@example.org"), signal);
    t.like(busy, { outcome: "failed", retry: true });
    rmSync(program);
    const gone = await channel.send(outgoing("anna@example.org"), signal);
    t.like(gone, { outcome: "failed", retry: true });
  });
  rmSync(folder, { recursive: true });
});

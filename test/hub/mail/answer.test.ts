import test from "ava";
import * as openpgp from "openpgp";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { database } from "../../../core/database/connect.ts";
import { renderText } from "../../../core/message.ts";
import { listSubscriptions } from "../../../hub/routing/subscription/store.ts";
import { subscriberOf } from "../../../hub/routing/subscription/subscriber.ts";
import { unsubscribeToken } from "../../../hub/mail/tokens.ts";
import { hubDatabase } from "../../support/hub.ts";
import { openMailroom, type TestMailroom } from "../../support/mailroom.ts";

const folder = mkdtempSync(join(tmpdir(), "lk-keys-"));
let room: TestMailroom;
let keys: { privateKey: openpgp.PrivateKey; publicKey: openpgp.PublicKey };

test.before(async () => {
  await hubDatabase();
  const made = await openpgp.generateKey({
    type: "ecc",
    userIDs: [{ name: "Sara", email: "sara@example.net" }],
    format: "object",
  });
  keys = made;
  writeFileSync(join(folder, "sara.asc"), made.publicKey.armor());
  room = await openMailroom({ keyring: folder });
});
test.after.always(async () => {
  await database().close();
  rmSync(folder, { recursive: true });
});

async function packagesOf(address: string): Promise<string[]> {
  const subscriptions = await listSubscriptions({ destination: `email:${address}` });
  return subscriptions.map(({ value }) => value);
}

async function lastTold(address: string) {
  const told = (await room.told(`email:${address}`)).at(-1);
  if (told === undefined) throw new Error(`nothing was told to ${address}`);
  return { ...told, text: renderText(told.message) };
}

test.serial("a subscription by mail counts once its address has confirmed it", async (t) => {
  const outcome = await room.hand({ subject: "hello", text: "subscribe bash\nsubscribe perl\n" });
  t.is(outcome, "asked to confirm: 2 commands");
  t.deepEqual(await packagesOf("anna@example.net"), []);
  const asked = await lastTold("anna@example.net");
  t.regex(asked.subject.title ?? "", /^confirm [a-z2-7]{42}$/);
  t.true(asked.subject.answer);
  t.regex(asked.reply_to ?? "", /^<.*@example\.net>$/);
  t.regex(asked.text, /> subscribe bash/);
  const reply = { subject: `Re: ${asked.subject.title}`, text: "> Please confirm …" };
  t.is(await room.hand(reply), "confirmed: 2 commands");
  t.deepEqual(await packagesOf("anna@example.net"), ["bash", "perl"]);
  t.regex((await lastTold("anna@example.net")).text, /You hear of bash now/);
  t.is(await room.hand(reply), "confirmed already");
});

test.serial("nobody can confirm with a token of their own making", async (t) => {
  await room.hand({ from: "vera@example.net", text: "subscribe bash" });
  const token = "abcdefghijklmnopqrstuvwxyz234567abcdefghij";
  t.regex(await room.hand({ subject: `confirm ${token}` }), /^not done/);
  t.deepEqual(await packagesOf("vera@example.net"), []);
});

test.serial("a confirmation that is too old does nothing", async (t) => {
  await room.hand({ from: "old@example.net", text: "subscribe bash" });
  await database().query(
    "update mail_command set created_at = now() - interval '4 days' where address = $1",
    ["old@example.net"],
  );
  const asked = await lastTold("old@example.net");
  t.regex(await room.hand({ subject: `Re: ${asked.subject.title}` }), /^not done/);
});

test.serial("questions are answered at once", async (t) => {
  t.is(
    await room.hand({ from: "which@example.net", text: "which\nhelp\nfoo bar\n-- \nA" }),
    "answered",
  );
  const { text, subject } = await lastTold("which@example.net");
  t.true(subject.answer);
  t.regex(text, /You hear of:/);
  t.regex(text, /packages that you maintain/);
  t.regex(text, /unsubscribeall/);
  t.regex(text, /This is no command/);
});

/** Sends commands and confirms them. */
async function confirmed(address: string, text: string): Promise<string> {
  await room.hand({ from: address, text });
  const asked = await lastTold(address);
  await room.hand({ from: address, subject: `Re: ${asked.subject.title}` });
  return (await lastTold(address)).text;
}

test.serial("keywords are changed for all packages, and for one", async (t) => {
  const address = "keys@example.net";
  t.regex(await confirmed(address, "subscribe bash\nkeyword = build\n"), /Your keywords: build/);
  t.deepEqual((await subscriberOf(`email:${address}`)).keywords, ["build"]);
  t.regex(await confirmed(address, "keyword bash + migration"), /of bash: build migration/);
  t.regex(await confirmed(address, "keyword bash - build"), /of bash: migration/);
  t.regex(await confirmed(address, "keyword + nonsense"), /nonsense is no keyword/);
  t.regex(await confirmed(address, "keyword zsh + build"), /not subscribed to zsh/);
});

test.serial("all ends, and a new subscription begins anew", async (t) => {
  const address = "tired@example.net";
  await confirmed(address, "subscribe bash");
  t.regex(await confirmed(address, "unsubscribeall"), /no mail any more/);
  t.deepEqual(await packagesOf(address), []);
  const { withheld } = (await import("../../../hub/mail/standing.ts")).mailStanding(room.settings);
  t.is(await withheld({ address, reason: "x", subject: {} }), "unsubscribed from all mail");
  await confirmed(address, "subscribe zsh");
  t.is(await withheld({ address, reason: "x", subject: {} }), undefined);
});

test.serial("the token of a mail ends what made it come, without confirmation", async (t) => {
  const address = "token@example.net";
  await confirmed(address, "subscribe bash\nsubscribe zsh");
  const [bash] = await listSubscriptions({ destination: `email:${address}`, value: "bash" });
  const id = await room.delivery(`email:${address}`, { because: [`subscription:${bash?.id}`] });
  const token = unsubscribeToken(id, room.seals);
  t.is(await room.hand({ from: address, subject: `unsubscribe ${token}` }), "answered");
  t.deepEqual(await packagesOf(address), ["zsh"]);
});

async function signedMail(text: string, address: string): Promise<string> {
  const message = await openpgp.createCleartextMessage({ text });
  const signed = await openpgp.sign({ message, signingKeys: keys.privateKey });
  return `From: ${address}\r\nSubject: unsubscribeall\r\n\r\n${signed}`;
}

async function signedPart(text: string, address: string): Promise<string> {
  const part = `Content-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;
  const message = await openpgp.createMessage({ binary: Buffer.from(part) });
  const signature = await openpgp.sign({ message, signingKeys: keys.privateKey, detached: true });
  return [
    `From: ${address}`,
    'Content-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary=b',
    "MIME-Version: 1.0",
    "",
    "--b",
    part,
    "--b",
    "Content-Type: application/pgp-signature",
    "",
    signature,
    "--b--",
    "",
  ].join("\r\n");
}

for (const [form, make] of [
  ["in the text", signedMail],
  ["as a part of its own", signedPart],
] as const) {
  test.serial(`a signature ${form} needs no confirmation, and counts once`, async (t) => {
    const name = form === "in the text" ? "mawk" : "gawk";
    const source = await make(`subscribe ${name}`, "Sara <sara@example.net>");
    t.is(await room.handSource(source, "control@example.org", "sara@example.net"), "answered");
    t.true((await packagesOf("sara@example.net")).includes(name));
    const again = `X-Again: yes\r\n${source}`;
    t.regex(await room.handSource(again, "control@example.org", "sara@example.net"), /here before/);
    const altered = source.replace(name, "evil");
    t.regex(
      await room.handSource(altered, "control@example.org", "s@example.net"),
      /to confirm|^answered/,
    );
    t.false((await packagesOf("sara@example.net")).includes("evil"));
  });

  test.serial(`a signature ${form} is worth nothing for another's address`, async (t) => {
    const source = await make(`subscribe dash`, "Victim <victim@example.net>");
    const outcome = await room.handSource(source, "control@example.org", "eve@example.net");
    t.is(outcome, "asked to confirm: 1 commands");
    t.deepEqual(await packagesOf("victim@example.net"), []);
  });
}

for (const [what, letter] of [
  ["a holiday program", { headers: ["Auto-Submitted: auto-replied"] }],
  ["bulk mail", { headers: ["Precedence: bulk"] }],
  ["a list", { headers: ["List-Id: <devel.example.net>"] }],
  ["a mail of our own", { headers: ["X-Loop: control@example.org"] }],
  ["our own address", { from: "laniakea@example.org" }],
  ["nobody", { sender: "" }],
  ["a mail server", { from: "MAILER-DAEMON@example.net" }],
  ["several people", { from: "a@example.net, b@example.net" }],
  ["no address", { from: '"a b"@example.net' }],
] as const) {
  test.serial(`${what} is not answered`, async (t) => {
    const outcome = await room.hand({
      ...letter,
      headers: [...("headers" in letter ? letter.headers : [])],
      text: "which",
    });
    t.regex(outcome, /^not answered/);
  });
}

test.serial(
  "whoever is written to in another's name gets ten answers an hour, and can still confirm",
  async (t) => {
    const from = "flooded@example.net";
    const outcomes = [];
    for (let count = 0; count < 13; count++) outcomes.push(await room.hand({ from, text: "help" }));
    t.is((await room.told(`email:${from}`)).length, 10);
    t.regex(outcomes.at(-1) ?? "", /too many answers/);
  },
);

test.serial("the same mail twice is one mail", async (t) => {
  const source = "From: twice@example.net\r\n\r\nhelp\r\n";
  t.is(await room.handSource(source, "control@example.org", "twice@example.net"), "answered");
  t.is(await room.handSource(source, "control@example.org", "twice@example.net"), "known");
});

for (const [what, source] of [
  ["nothing", ""],
  ["no header", "\r\n\r\n"],
  ["bytes", "\0\xff\xfe".repeat(1_000)],
  ["a header without end", `Subject: ${"x".repeat(200_000)}`],
  [
    "parts within parts",
    `From: p@example.net\r\n${"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(300)}`,
  ],
] as const) {
  test.serial(`a mail of ${what} is dealt with`, async (t) => {
    t.regex(
      await room.handSource(`${source}${what}`, "control@example.org", "x@example.net"),
      /answer/,
    );
  });
}

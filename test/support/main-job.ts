import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { createDemoArchive, publishDemoChange } from "../../core/demo/demo.ts";
import { makeEnvelope, wireText } from "../../core/events/envelope.ts";
import { parseKeyFile } from "../../core/events/key-file.ts";
import { signObject } from "../../core/events/signature.ts";
import { submitEvent } from "../../core/events/submit.ts";
import { Dealer } from "zeromq";
import { eventually } from "./eventually.ts";
import { type Api, api, inRoom } from "./homeserver/api.ts";
import type { Ground } from "./homeserver/ground.ts";
import { createSystem, type System } from "./system.ts";

/** A mail as its reader has it. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** A mail server that keeps what it gets for one person. */
export interface MailGround {
  /** smtp://… for the configuration. */
  url: string;
  /** Whom it keeps mail for. */
  person: string;
  mails(): Promise<Mail[]>;
}

/** What a room shows of a message. */
interface Shown {
  sender: string;
  body: string;
  html: string;
  type: string;
}

/**
 * The main job, end to end: an archive comes in, a signed event arrives, people hear of it in a
 * room and by mail, a command goes back and does real work; hostile and foreign input does not.
 */
export async function mainJob(
  t: ExecutionContext,
  ground: Ground,
  mail: MailGround,
): Promise<void> {
  const people = await meet(ground);
  const system = await createSystem(configOf(ground, people, mail));
  t.teardown(() => system.remove());
  writeFileSync(join(system.directory, "token"), people.bot.account.token, { mode: 0o600 });
  const archive = join(system.directory, "archive");
  await describeArchive(t, system, archive, people);

  const running = await system.up();
  t.teardown(() => running.end("SIGKILL"));
  const room = reader(people);
  // What is said before the bot is in the room is not meant for it, rightly.
  await eventually(() => botIsIn(people), "the bot comes into the room");

  await t.notThrowsAsync(operatorImports(t, people, room));
  await strangerIsRefused(t, people, room);
  await typoIsAnswered(t, people, room);
  await eventArrivesOnce(t, system, people, room, mail);
  await changeArrivesOnce(t, archive, people, room, mail);
  t.is(await running.end("SIGTERM"), 0);
}

interface People {
  bot: Api;
  operator: Api;
  stranger: Api;
  room: string;
}

async function meet(ground: Ground): Promise<People> {
  const bot = api(ground, await ground.newUser("laniakea"));
  const operator = api(ground, await ground.newUser("anna"));
  const stranger = api(ground, await ground.newUser("eve"));
  const invite = [bot.account.userId, stranger.account.userId];
  const room = await operator.createRoom({ preset: "private_chat", invite });
  await stranger.call("POST", `${inRoom(room)}/join`, {});
  return { bot, operator, stranger, room };
}

async function botIsIn({ bot, operator, room }: People): Promise<boolean> {
  const { body } = await operator.call("GET", `${inRoom(room)}/joined_members`);
  return Object.keys((body as { joined: object }).joined).includes(bot.account.userId);
}

function configOf(ground: Ground, people: People, mail: MailGround): string {
  return [
    "[matrix]",
    `homeserver = "${ground.url}"`,
    `user = "${people.bot.account.userId}"`,
    `token_file = "../token"`,
    `room = "${people.room}"`,
    "[email]",
    `smtp = "${mail.url}"`,
    `from = "Laniakea <laniakea@example.org>"`,
    `to = "${mail.person}"`,
  ].join("\n");
}

async function describeArchive(
  t: ExecutionContext,
  system: System,
  archive: string,
  people: People,
): Promise<void> {
  const { distro } = await createDemoArchive(archive);
  const [repository] = distro.repository;
  const file = join(system.directory, "distro.toml");
  writeFileSync(
    file,
    `[[repository]]\nname = "demo"\nurl = "${repository?.url}"\nkeyring = "${repository?.keyring}"\n` +
      `[[repository.suite]]\nname = "demo"\ncomponents = ["main"]\narchitectures = ["amd64"]\n`,
  );
  t.is((await system.lk("distro", "apply", file)).status, 0);
  const { userId } = people.operator.account;
  t.is((await system.lk("role", "grant", "operator", userId)).status, 0);
  const key = await system.lk("key", "new", "peer-archive", "--output", system.directory);
  t.is(key.status, 0, key.err);
  const trust = await system.lk("key", "trust", join(system.directory, "peer-archive.key"));
  t.is(trust.status, 0, trust.err);
}

/** What the room shows now, edits applied. */
function reader({ operator, room }: People): () => Promise<Shown[]> {
  return async () => {
    const path = `${inRoom(room)}/messages?dir=b&limit=200`;
    const { body } = await operator.call("GET", path);
    const shown = new Map<string, Shown>();
    for (const event of (body.chunk as RoomEvent[]).toReversed()) {
      if (event.type !== "m.room.message") continue;
      const relation = event.content["m.relates_to"];
      const edited = relation?.rel_type === "m.replace" ? relation.event_id : undefined;
      const content = edited === undefined ? event.content : event.content["m.new_content"];
      if (content === undefined) continue;
      shown.set(edited ?? event.event_id, {
        sender: event.sender,
        body: content.body ?? "",
        html: content.formatted_body ?? "",
        type: content.msgtype ?? "",
      });
    }
    return [...shown.values()];
  };
}

interface Content {
  body?: string;
  formatted_body?: string;
  msgtype?: string;
}
interface RoomEvent {
  type: string;
  event_id: string;
  sender: string;
  content: Content & {
    "m.new_content"?: Content;
    "m.relates_to"?: { rel_type?: string; event_id?: string };
  };
}

type Room = () => Promise<Shown[]>;

async function said(room: Room, people: People, words: RegExp): Promise<Shown[]> {
  const bot = people.bot.account.userId;
  return (await room()).filter((message) => message.sender === bot && words.test(message.body));
}

async function operatorImports(t: ExecutionContext, people: People, room: Room): Promise<void> {
  await people.operator.send(people.room, "one", "!lk import demo");
  await eventually(
    async () => (await said(room, people, /✅ (import|demo)/)).length > 0,
    "the operator's import reports its end in the room",
  );
  const [report] = await said(room, people, /✅ (import|demo)/);
  t.is(report?.type, "m.notice");
  await people.operator.send(people.room, "two", "!lk why mini");
  await eventually(
    async () => (await said(room, people, /mini[^]*1\.0/)).length > 0,
    "why tells the version of mini",
  );
}

async function strangerIsRefused(t: ExecutionContext, people: People, room: Room): Promise<void> {
  await people.stranger.send(people.room, "three", "!lk import demo");
  await eventually(
    async () => (await said(room, people, /needs the role operator/)).length > 0,
    "the stranger is refused with the missing role named",
  );
  t.is((await said(room, people, /needs the role operator/)).length, 1);
}

async function typoIsAnswered(t: ExecutionContext, people: People, room: Room): Promise<void> {
  await people.operator.send(people.room, "four", "!lk imprt demo");
  await eventually(
    async () => (await said(room, people, /imprt[^]*import/)).length > 0,
    "a typo gets the nearest command",
  );
  t.pass();
}

const NAME = "evil<script>alert(1)</script>";

async function eventArrivesOnce(
  t: ExecutionContext,
  system: System,
  people: People,
  room: Room,
  mail: MailGround,
): Promise<void> {
  const file = join(system.directory, "peer-archive.key_secret");
  const key = parseKeyFile(readFileSync(file, "utf8"), file).signingKey;
  if (key === undefined) throw new Error("no signing key in the key file");
  const envelope = makeEnvelope("_lk.archive.package-src-removed", {
    pkg_name: NAME,
    pkg_version: "2.10-3",
    repo: "demo",
  });
  const event = signObject(envelope, key);
  const outcome = await submitEvent(event, system.submit);
  t.is(outcome.kind, "accepted");
  await submitEvent(event, system.submit);
  await submitTampered(system, wireText(event).replace("2.10-3", "6.66-6"));

  const words = /evil<script>[^]*2\.10-3/;
  await eventually(
    async () => (await said(room, people, words)).length > 0,
    "the event is told in the Matrix room",
  );
  await eventually(
    async () => (await mail.mails()).some(({ text }) => words.test(text)),
    "the event is told by mail",
  );
  const [told, ...more] = await said(room, people, words);
  t.is(more.length, 0);
  t.is(told?.type, "m.notice");
  t.false(told?.html.includes("<script>"));
  t.true(told?.html.includes("&lt;script&gt;"));
  const mails = (await mail.mails()).filter(({ text }) => words.test(text));
  t.is(mails.length, 1);
  t.false(mails[0]?.html.includes("<script>"));
  const local = await fetch(`${system.url}/api/v1/room`);
  const { items } = (await local.json()) as { items: { text: string }[] };
  t.is(items.filter(({ text }) => words.test(text)).length, 1);
  t.deepEqual(await said(room, people, /6\.66-6/), []);
  t.false((await mail.mails()).some(({ text }) => text.includes("6.66-6")));
  const refused = await system.lk("event", "quarantine", "--json");
  t.regex(refused.out, /6\.66-6/);
}

async function submitTampered(system: System, text: string): Promise<void> {
  const socket = new Dealer({ linger: 3_000 });
  socket.connect(system.submit);
  await socket.send(text);
  socket.close();
}

async function changeArrivesOnce(
  t: ExecutionContext,
  archive: string,
  people: People,
  room: Room,
  mail: MailGround,
): Promise<void> {
  await publishDemoChange(archive);
  await people.operator.send(people.room, "five", "!lk import demo");
  const words = /mini[^]*1\.1/;
  await eventually(
    async () => (await mail.mails()).some(({ text }) => words.test(text)),
    "the change of the archive is told by mail",
  );
  await eventually(
    async () => (await said(room, people, words)).some(({ body }) => !body.includes("import")),
    "the change of the archive is told in the room",
  );
  t.is((await mail.mails()).filter(({ text }) => words.test(text)).length, 1);
}

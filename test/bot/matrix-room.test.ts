import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { createBot } from "../../bot/main.ts";
import { database } from "../../core/database/connect.ts";
import { createRunner } from "../../core/operation/runner.ts";
import type { Service } from "../../core/service.ts";
import { createHub } from "../../hub/main.ts";
import { testDatabase } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import type { Account } from "../support/homeserver/ground.ts";
import { type Homeserver, startHomeserver } from "../support/homeserver/homeserver.ts";
import { grant, roomEnvironment } from "../support/room.ts";

let server: Homeserver;
let bot: Account;
let anna: Account;
let eve: Account;
let services: Service[] = [];

test.before(async () => {
  await testDatabase();
  server = await startHomeserver();
  bot = await server.newUser("laniakea");
  anna = await server.newUser("anna");
  eve = await server.newUser("eve");
  const environment = roomEnvironment();
  const { settings } = environment;
  writeFileSync(join(settings.dataDirectory, "token"), bot.token, { mode: 0o600 });
  Object.assign(settings.config.matrix, {
    homeserver: server.url,
    user: bot.userId,
    token_file: "token",
    invites_from: [anna.userId],
  });
  await grant(anna.userId, "operator", "matrix:*");
  services = [
    ...createHub(environment).services,
    createBot(environment),
    createRunner(environment),
  ];
  for (const service of services) await service.start();
});
test.after.always(async () => {
  for (const service of services.toReversed()) await service.stop();
  await server.stop();
  await database().close();
});

async function isIn(room: string): Promise<void> {
  await eventually(
    () => server.membership(room, bot.userId).membership === "join",
    "the bot accepts the invitation",
  );
}

/** What the bot said in a room. */
function oursIn(room: string): string[] {
  return server
    .timeline(room)
    .filter(({ sender }) => sender === bot.userId)
    .map(({ body }) => body ?? "");
}

test("a room of people: an operator imports, a stranger is refused, talk is left alone", async (t) => {
  const room = server.createRoom(anna.userId, { invite: [bot.userId, eve.userId] });
  server.join(room, eve.userId);
  await isIn(room);
  server.say(room, anna.userId, "good morning, laniakea");
  const asked = server.say(room, anna.userId, "!lk import demo");
  server.say(room, eve.userId, "!lk import demo");
  server.say(room, anna.userId, "laniakea: imprt demo");

  const ours = (): string[] => oursIn(room);
  await eventually(() => ours().length === 4, "all are answered");
  await eventually(() => ours().some((body) => /Imported demo/.test(body)), "the import ends");
  const said = ours();
  t.is(said.filter((body) => /Imported demo/.test(body)).length, 1);
  t.is(said.filter((body) => /waits|is running/.test(body)).length, 0);
  t.is(said.filter((body) => new RegExp(`role grant operator ${eve.userId}`).test(body)).length, 1);
  t.is(said.filter((body) => /Did you mean: import demo/.test(body)).length, 1);
  t.is(said.filter((body) => /One more thing/.test(body)).length, 1);
  const progress = server
    .events(room)
    .find(({ content }) => /import demo #\d+ waits/.test(String(content["body"])));
  t.like(progress?.content, {
    msgtype: "m.notice",
    "m.relates_to": { rel_type: "m.thread", event_id: asked },
  });
  t.is(typeof progress?.content["formatted_body"], "string");
});

test("a room for two needs no prefix, one with a third person needs a mention first", async (t) => {
  const room = server.createRoom(anna.userId, { is_direct: true, invite: [bot.userId] });
  await isIn(room);
  async function answered(count: number): Promise<string> {
    await eventually(() => oursIn(room).length === count, `there are ${count} answers`);
    return oursIn(room).at(-1) ?? "";
  }
  function mention(body: string, formatted: string): void {
    server.say(room, anna.userId, {
      msgtype: "m.text",
      body,
      format: "org.matrix.custom.html",
      formatted_body: formatted,
      "m.mentions": { user_ids: [bot.userId] },
    });
  }
  const pill = `<a href="https://matrix.to/#/${bot.userId}">laniakea</a>`;
  server.say(room, anna.userId, "imprt alone");
  t.regex(await answered(1), /Did you mean: import alone/);
  server.invite(room, anna.userId, eve.userId);
  server.join(room, eve.userId);
  server.say(room, anna.userId, "imprt silence");
  mention("ask laniakea imprt silence", `ask ${pill} imprt silence`);
  mention("laniakea imprt pill", `${pill} imprt pill`);
  t.regex(await answered(2), /Did you mean: import pill/);
  server.say(room, anna.userId, "!lk imprt prefix");
  t.regex(await answered(3), /Did you mean: import prefix/);
  mention("laniakea", pill);
  t.regex(await answered(4), /import/);
  server.leave(room, eve.userId);
  server.say(room, anna.userId, "imprt again");
  t.regex(await answered(5), /Did you mean: import again/);
  t.false(oursIn(room).some((body) => /silence/.test(body)));
});

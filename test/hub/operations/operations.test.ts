import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { z } from "zod";
import { database } from "../../../core/database/connect.ts";
import { OperatorError } from "../../../core/errors.ts";
import { declareEvent } from "../../../core/events/declare.ts";
import { renderText } from "../../../core/message.ts";
import { Event } from "../../../core/model/event.ts";
import { ask } from "../../../core/operation/ask.ts";
import { parseWords } from "../../../core/operation/command.ts";
import type { Answer, Caller, Role } from "../../../core/operation/declare.ts";
import { stopChannel } from "../../../hub/delivery/channel-stop.ts";
import { hubModule } from "../../../hub/module.ts";
import { listSubscriptions } from "../../../hub/routing/subscription/store.ts";
import { post } from "../../../hub/delivery/outbox.ts";
import { testEnvironment } from "../../support/environment.ts";
import { booksDiffer, hubDatabase, says } from "../../support/hub.ts";

const event = declareEvent({
  tag: "_lk.archive.package-src-copied",
  summary: "copied",
  schema: z.object({ pkg_name: z.string(), repo: z.string(), dest_suite: z.string() }),
  audience: "people",
  subject: (data) => ({
    packages: [data.pkg_name],
    repository: data.repo,
    suites: [data.dest_suite],
  }),
  render: (data) => ({ tone: "good", headline: [`${data.pkg_name} copied`] }),
});
const found = declareEvent({ ...event, tag: "_lk.debcheck.issue-found", audience: "noise" });

const environment = testEnvironment([
  hubModule,
  { name: "archive", summary: "", events: [event, found] },
]);

test.before(hubDatabase);
test.beforeEach(() =>
  database().query(
    "truncate event, event_to_route, delivery, subscription, subscriber, silence, team, channel_stop, pace cascade",
  ),
);
test.after.always(() => database().close());

function caller(role: Role | "none", part: Partial<Caller> = {}): Caller {
  return { name: "@anna:example.org", role, origin: "chat", room: "room:local", ...part };
}

/** Types a line, as somebody. */
async function type(line: string, who: Caller = caller("reader")): Promise<Answer> {
  const typed = parseWords(environment.registry.operations.values(), line.split(" "), {
    program: "lk",
  });
  if ("help" in typed) throw new Error(typed.help);
  const { operation, parameters } = typed;
  const outcome = await ask(environment, { operation: operation.name, parameters, caller: who });
  if (!("answer" in outcome)) throw new Error("queued");
  return outcome.answer;
}

async function said(line: string, who?: Caller): Promise<string> {
  return (await type(line, who)).messages.map(renderText).join("\n");
}

async function refusal(line: string, who?: Caller): Promise<string> {
  try {
    await type(line, who);
  } catch (thrown) {
    if (thrown instanceof OperatorError) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
  return "no refusal";
}

async function routes(): Promise<string[]> {
  return (await listSubscriptions()).map(({ destination, kind, value, condition, owner }) =>
    [destination, kind, value, condition, owner].filter(Boolean).join(" "),
  );
}

test.serial("follow lets the room hear of packages, one rule for each", async (t) => {
  t.regex(
    await said("follow bash linux-* --suite sid"),
    /room:local now hears of bash, if suite = sid/,
  );
  t.deepEqual(await routes(), [
    "room:local package bash suite = sid @anna:example.org",
    "room:local package linux-* suite = sid @anna:example.org",
  ]);
  t.regex(await said("follow bash --suite sid"), /already hears of bash/);
  t.is((await routes()).length, 2);
  t.regex(await said("follow bash"), /hears everything meant for people anyway/);
});

test.serial("follow without arguments says what the room follows", async (t) => {
  t.regex(await said("follow"), /follows nothing in particular/);
  await type("follow bash");
  t.regex(await said("follow"), /room:local follows:[^]*bash[^]*@anna/);
});

test.serial("tags may be typed without their first part, and must exist", async (t) => {
  await type("follow --tag debcheck.*");
  t.deepEqual(await routes(), ["room:local matching tag ~ _lk.debcheck.* @anna:example.org"]);
  t.regex(await refusal("follow --tag nothing.*"), /^NO_SUCH_TAG/);
});

test.serial("patterns that could be more than patterns are refused", async (t) => {
  t.regex(await refusal("follow (a+)+"), /^BAD_ARGUMENTS/);
});

test.serial("unfollow takes away what was typed and nothing else", async (t) => {
  await type("follow bash zsh --suite sid");
  await type("follow --suite sid");
  t.regex(await said("unfollow bash"), /no longer hears of bash/);
  t.deepEqual(await routes(), [
    "room:local package zsh suite = sid @anna:example.org",
    "room:local suite sid @anna:example.org",
  ]);
  await type("unfollow --suite sid");
  t.deepEqual(await routes(), ["room:local package zsh suite = sid @anna:example.org"]);
  t.regex(await refusal("unfollow fish"), /^NOT_FOLLOWED: room:local does not follow fish/);
  await type("unfollow --all");
  t.deepEqual(await routes(), []);
});

test.serial("what another person follows only they or an operator can end", async (t) => {
  await type("follow bash", caller("reader", { name: "@ben:example.org" }));
  t.regex(await refusal("unfollow bash"), /^FORBIDDEN: That was asked for by @ben/);
  await type("unfollow bash", caller("operator"));
  t.deepEqual(await routes(), []);
});

test.serial("other destinations are for operators", async (t) => {
  t.regex(await refusal("follow bash --to email:anna@example.org"), /^FORBIDDEN/);
  await type("follow bash --to email:anna@Example.org", caller("operator"));
  t.deepEqual(await routes(), ["email:anna@example.org package bash @anna:example.org"]);
  t.regex(await refusal("follow bash --to nowhere:x", caller("operator")), /^BAD_DESTINATION/);
  const cli: Caller = { name: "local:anna", role: "admin", origin: "cli" };
  t.regex(await refusal("follow bash", cli), /^NO_ROOM/);
});

test.serial(
  "routes are added and removed by admins, and listed with the configuration's",
  async (t) => {
    const admin = caller("admin");
    t.regex(await refusal("route add email:a@example.org", caller("operator")), /^FORBIDDEN/);
    t.regex(await said("route add email:a@example.org --suite sid", admin), /hears of suite sid/);
    const list = await said("route list", admin);
    // Other people's addresses are in it.
    t.regex(await refusal("route list"), /^FORBIDDEN/);
    t.regex(list, /3 rules/);
    t.regex(list, /the local room/);
    t.regex(list, /email:a@example\.org +suite sid +@anna/);
    const [route] = await listSubscriptions();
    t.regex(await said(`route remove ${route?.id}`, admin), /no longer hears of suite sid/);
    t.regex(await refusal("route remove 999999", admin), /^NO_ROUTE/);
  },
);

const UUID = "5c8f5d4e-1dd2-11b2-8080-808080808080";
const data = { pkg_name: "bash", repo: "master", dest_suite: "sid" };

async function journal(): Promise<Event> {
  return Event.create({
    uuid: UUID,
    tag: event.tag,
    time: new Date(),
    signer: null,
    origin: "bus",
    body: "",
    data,
  });
}

test.serial("route test names each rule and why, and what was sent", async (t) => {
  await type("follow zsh");
  await type("follow bash --to email:anna@example.org", caller("operator"));
  const row = await journal();
  await post("room:local", says("x"));
  await database().query("update delivery set event_id = $1, reason = 'the local room'", [row.id]);
  const text = await said(`route test ${UUID}`, caller("operator"));
  t.regex(text, /would reach 3:/);
  t.regex(text, /3 of 4 rules match/);
  t.regex(
    text,
    /yes +route \d+ of @anna:example.org +email:anna@example.org +package bash matches bash/,
  );
  t.regex(text, /no +route \d+ of @anna:example.org +room:local +package bash does not match zsh/);
  t.regex(text, /What was sent:[^]*room:local +pending/);
  t.is(await booksDiffer({ pending: 1 }), undefined);
  t.regex(await refusal(`route test ${randomUUID()}`, caller("operator")), /^NO_EVENT/);
});

test.serial("explain tells what became of an event: reasons, what held it, attempts", async (t) => {
  const row = await journal();
  const operator = caller("operator");
  t.regex(await refusal(`explain ${UUID}`, operator), /^NOT_TOLD: .* has not been routed yet/);
  await database().query("delete from event_to_route");
  t.regex(await refusal(`explain ${UUID}`, operator), /^NOT_TOLD: Nothing is known/);
  const id = await post("room:local", says("x"));
  await database().query(
    `insert into notice (event_id, destination, state, reasons, refs, note, delivery_id, tag, decided_at)
     values ($1, 'room:local', 'told', '{the local room,route 3 of anna}', '{}', null, $2, 'x', now()),
            ($1, 'email:a@example.org', 'suppressed', '{route 4 of ben}', '{}', 'silence 1', null, 'x', now())`,
    [row.id, id],
  );
  await database().query(
    `insert into delivery_attempt (delivery_id, began_at, state, reason)
     values ($1, now(), 'pending', 'the homeserver is down')`,
    [id],
  );
  const text = await said(`explain ${UUID}`, operator);
  t.regex(text, /room:local: told, [^]*because of the local room[^]*because of route 3 of anna/);
  t.regex(text, /message #\d+: pending after 0 attempts[^]*failed: the homeserver is down/);
  t.regex(text, /email:a@example\.org: kept back[^]*route 4 of ben[^]*silence 1/);
  t.notRegex(await said(`explain ${UUID}`), /email:/, "a room is told of itself alone");
  t.regex(await refusal(`explain ${UUID} --to email:a@example.org`), /^FORBIDDEN/);
  const [{ number } = { number: "" }] = await database().query<{ number: string }>(
    "select number from delivery",
  );
  t.regex(await said(`explain #${number}`, operator), /room:local: told/);
});

test.serial("silences, teams, kinds of news and what is muted are changed by words", async (t) => {
  const operator = caller("operator");
  t.regex(await refusal("silence add tag=x --comment y", operator), /^BAD_ARGUMENTS/);
  t.regex(await refusal("silence add nothing --for 1h --comment y", operator), /^BAD_EXPRESSION/);
  const added = await said("silence add package=perl --for 1h --comment rebuild", operator);
  const [, number = ""] = /Silence (\d+)/.exec(added) ?? [];
  t.regex(await said("silence list"), /package=perl[^]*rebuild/);
  t.regex(await said(`silence end ${number}`, operator), /is over/);
  t.regex(await refusal(`silence end ${number}`, operator), /^NO_SILENCE/);

  t.regex(await refusal("follow --team shells"), /^NO_TEAM/);
  await type("team set shells bash zsh --address Shells@example.org", operator);
  await type("team set shells --without zsh", operator);
  t.regex(await said("team list"), /shells .* 0 +bash shells@example\.org/);
  await type("follow --team shells --keyword build");
  t.deepEqual(await routes(), ["room:local team shells @anna:example.org"]);
  t.regex(await said("mute bash --team shells"), /bash of team shells/);
  t.regex(await said("mute Robot@example.org"), /what robot@example\.org does/);
  t.regex(await said("unmute --team shells"), /what robot/);
  t.regex(await said("unmute robot@example.org"), /mutes nothing/);
  t.regex(await said("team remove shells", operator), /is gone/);

  await type("follow bash");
  t.regex(await said("keyword bash = build migration"), /bash: 2 kinds of news/);
  t.regex(await said("keyword bash - build"), /bash: 1 kinds[^]*no +build[^]*yes +migration/);
  t.regex(await said("keyword = build"), /room:local: 1 kinds/);
  t.regex(await refusal("keyword + nonsense"), /^BAD_ARGUMENTS/);
  t.regex(await refusal("keyword fish + build"), /^NOT_FOLLOWED/);
});

test.serial("route test reads files at the command line only", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "lk-route-"));
  const file = join(folder, "event.json");
  writeFileSync(file, JSON.stringify({ uuid: UUID, tag: found.tag, data }));
  const cli: Caller = { name: "local:anna", role: "admin", origin: "cli" };
  t.regex(await said(`route test ${file}`, cli), /would reach nobody/);
  t.regex(await refusal(`route test ${file}`, caller("admin")), /^NO_EVENT/);
  writeFileSync(file, "{");
  t.regex(await refusal(`route test ${file}`, cli), /^BAD_EVENT_FILE/);
  writeFileSync(file, "{}");
  t.regex(await refusal(`route test ${file}`, cli), /^BAD_EVENT_FILE.*tag/);
  rmSync(folder, { recursive: true });
});

test.serial("deliveries are listed and sent again", async (t) => {
  const operator = caller("operator");
  t.regex(await said("delivery list", operator), /^✅ 0 pending, 0 dead/);
  await post("email:anna@example.org", says("hello"));
  await post("email:ben_x@example.org", says("hello"));
  await database().query(
    "update delivery set state = 'dead', last_error = '550 gone', finished_at = now()",
  );
  await stopChannel("email", "535 wrong password");
  const list = await said("delivery list --destination email:ben_*", operator);
  t.regex(list, /The channel email is stopped\n {2}535 wrong password/);
  t.regex(list, /dead +email:ben_x@example.org +0 +hello +550 gone/);
  t.notRegex(list, /anna/);
  t.regex(await refusal("delivery requeue", operator), /^BAD_ARGUMENTS/);
  t.regex(await said("delivery requeue --destination email:anna*", operator), /1 delivery waits/);
  t.is(await booksDiffer({ pending: 1, dead: 1 }), undefined);
  t.regex(await said("delivery requeue --channel email", operator), /1 delivery waits/);
  t.notRegex(await said("delivery list", operator), /is stopped/);
  t.regex(await said("delivery requeue --all", operator), /None of that was dead/);
  t.regex(await refusal("delivery list"), /^FORBIDDEN/);
});

test.serial("status speaks up when something does not get through", async (t) => {
  t.deepEqual(await hubModule.status?.(), []);
  await post("room:local", says("x"));
  await stopChannel("email", "535 wrong password");
  const [fact] = (await hubModule.status?.()) ?? [];
  t.regex(renderText(fact?.message ?? says("")), /1 waiting[^]*email is stopped: 535/);
});

test.serial("a room chooses the language that it is told in, and sees which it is", async (t) => {
  t.regex(await said("language"), /is told in English, as hub.language says/);
  t.regex(await said("language de"), /room:local is told in German/);
  t.like((await type("language")).data, { language: "de", chosen: "de" });
  t.like((await type("language default")).data, { language: "en", chosen: null });
  const refused = await t.throwsAsync(type("language de --to email:b@example.org"), {
    instanceOf: OperatorError,
  });
  t.is(refused.code, "FORBIDDEN");
});

import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { createBot } from "../../bot/main.ts";
import { announceOthers, editOne } from "../../bot/progress.ts";
import { database } from "../../core/database/connect.ts";
import { Operation } from "../../core/model/operation.ts";
import { ask } from "../../core/operation/ask.ts";
import { requestCancel } from "../../core/operation/queue.ts";
import { createRunner } from "../../core/operation/runner.ts";
import { testDatabase } from "../support/database.ts";
import { ADMIN } from "../support/environment.ts";
import { ANNA, grant, OPS, roomEnvironment, said, type Said, tell } from "../support/room.ts";

const environment = roomEnvironment();

test.before(() => testDatabase().then(() => undefined));
test.after.always(() => database().close());
test.beforeEach(async () => {
  await database().query("truncate delivery, incoming_message, operation, role_grant cascade");
  await grant(ANNA, "operator");
});

/** Waits for something to be so; the test's own timeout is the limit. */
async function until<Value>(look: () => Promise<Value | undefined | false>): Promise<Value> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await sleep(20);
  }
}

/** What a room shows: each message with its last edit. */
async function shown(): Promise<Said[]> {
  const all = await said();
  const latest = new Map<string, Said>();
  for (const one of all) latest.set(one.edits ?? one.id, one);
  return [...latest.values()];
}

function ended(pattern: RegExp): Promise<Said[]> {
  return until(async () => {
    const messages = await shown();
    return messages.some((one) => pattern.test(one.text)) && messages;
  });
}

/** A bot and a runner for the time of one test. */
async function withServices(work: () => Promise<void>): Promise<void> {
  const runner = createRunner(environment);
  const bot = createBot(environment);
  await runner.start();
  await bot.start();
  try {
    await work();
  } finally {
    await bot.stop();
    await runner.stop();
  }
}

test.serial("a command runs, and its one message ends in the answer", async (t) => {
  await withServices(async () => {
    const id = await tell("!lk import demo");
    const messages = await ended(/One more thing/);
    t.is(messages.length, 2);
    t.regex(
      messages[0]?.text ?? "",
      /✅ Imported demo\n {2}import demo #\d+ done.*asked for by @anna/,
    );
    t.is(messages[1]?.thread, id);
    t.is(messages[0]?.thread, id);
    const [first] = await said();
    t.regex(first?.text ?? "", /waits/);
  });
});

test.serial("a failure ends with its reason and its remedy", async (t) => {
  await withServices(async () => {
    await tell("!lk import demo --fail");
    const [message, ...others] = await ended(/failed/);
    t.is(others.length, 0);
    t.regex(message?.text ?? "", /❌ import demo #\d+ failed/);
    t.regex(message?.text ?? "", /The mirror is away/);
    t.regex(message?.text ?? "", /→ Ask who runs it/);
  });
});

test.serial("cancelling from the room stops the work and says by whom", async (t) => {
  await withServices(async () => {
    await tell("!lk import demo --steps 100000");
    const operation = await until(
      async () => (await Operation.findOne({ where: { state: "running" } })) ?? undefined,
    );
    await tell(`!lk cancel ${operation.number}`);
    const messages = await ended(/was cancelled/);
    const message = messages.find((one) => /was cancelled/.test(one.text));
    t.regex(message?.text ?? "", /⚠️ import demo .*was cancelled/);
    t.regex(message?.text ?? "", /Cancelled by @anna:example.org/);
    t.is((await Operation.findByPk(operation.id))?.state, "cancelled");
  });
});

test.serial("what is cancelled before it began says by whom too", async (t) => {
  const bot = createBot(environment);
  await bot.start();
  await tell("!lk import demo");
  const operation = await until(async () => (await Operation.findOne()) ?? undefined);
  await requestCancel(operation.number, "@ben:example.org");
  const [message] = await ended(/cancelled/);
  t.regex(message?.text ?? "", /Cancelled by @ben:example.org/);
  await bot.stop();
});

test.serial("progress is edited into the same message, at most every three seconds", async (t) => {
  await withServices(async () => {
    await tell("!lk import demo --steps 150");
    const all = await ended(/Imported demo/).then(() => said());
    const [root] = all;
    const edits = all.filter((one) => one.edits === root?.id);
    t.true(edits.length >= 2);
    t.regex(edits[0]?.text ?? "", /reading [▓░]+ \d+ % \(\d+ steps of 150 steps\)/);
    t.regex(edits[0]?.text ?? "", /To stop it: cancel \d+/);
    t.regex(edits[1]?.text ?? "", /steps a second, about|Imported/);
    const times = [root, ...edits.slice(0, -1)].map((one) => one?.created_at.getTime() ?? 0);
    const gaps = times.slice(1).map((time, place) => time - (times[place] ?? 0));
    t.true(
      gaps.every((gap) => gap >= 3_000),
      String(gaps),
    );
    t.deepEqual(
      edits.map((edit) => edit.final),
      edits.map((_, place) => place === edits.length - 1),
    );
  });
});

test.serial("another bot goes on editing the same message after a restart", async (t) => {
  const first = createBot(environment);
  await first.start();
  await tell("!lk import demo");
  await until(async () => (await said()).length > 0);
  await first.stop();
  const runner = createRunner(environment);
  await runner.start();
  await until(async () => (await Operation.findOne())?.state === "done");
  await runner.stop();
  t.is((await said()).length, 1);
  const second = createBot(environment);
  await second.start();
  const messages = await ended(/Imported demo/);
  t.is(messages.filter((one) => /#\d+/.test(one.text)).length, 1);
  await second.stop();
});

test.serial("work that was interrupted and taken up again says so", async (t) => {
  const bot = createBot(environment);
  await bot.start();
  await tell("!lk import demo --steps 3");
  await until(async () => (await Operation.findOne()) !== null);
  // As a runner leaves it that died in the middle.
  await database().query(
    "update operation set state = 'running', attempts = 1, changed_at = now()",
  );
  const runner = createRunner(environment);
  await runner.start();
  const messages = await ended(/Imported demo/);
  t.regex(messages[0]?.text ?? "", /Was interrupted once and taken up again/);
  await runner.stop();
  await bot.stop();
});

test.serial("a long answer of work is shortened, and result shows it whole", async (t) => {
  await withServices(async () => {
    await tell("!lk import demo --rows 57");
    const [message] = await ended(/One more thing/);
    const number = /result (\d+) --all/.exec(message?.text ?? "")?.[1];
    t.regex(message?.text ?? "", /… 37 more: result \d+ --all/);
    await tell(`!lk result ${number} --all`);
    const all = await ended(/package-56/);
    t.true(all.some((one) => /package-56/.test(one.text)));
    await tell("!lk result 999999");
    t.true((await ended(/no operation #999999/)).length > 0);
  });
});

test.serial("work that was asked for elsewhere but belongs to a room is shown there", async (t) => {
  await ask(environment, {
    operation: "import",
    parameters: { suites: ["demo"] },
    caller: { ...ADMIN, origin: "http", room: OPS },
  });
  await ask(environment, { operation: "import", parameters: {}, caller: ADMIN });
  t.is(await announceOthers(), 1);
  t.is(await announceOthers(), 0);
  const messages = await said();
  t.is(messages.length, 1);
  t.regex(messages[0]?.text ?? "", /import demo #\d+ waits/);
});

test.serial("two bots edit a message once", async (t) => {
  await ask(environment, {
    operation: "import",
    parameters: {},
    caller: { ...ADMIN, origin: "http", room: OPS },
  });
  await announceOthers();
  const [operation] = await Operation.findAll();
  await requestCancel(operation?.number ?? "", "local:test");
  const edits = await Promise.all([editOne(), editOne(), editOne()]);
  t.is(edits.filter(Boolean).length, 1);
  t.is((await said()).length, 2);
});

test.serial("nothing changed is nothing edited", async (t) => {
  await ask(environment, {
    operation: "import",
    parameters: {},
    caller: { ...ADMIN, origin: "http", room: OPS },
  });
  await announceOthers();
  await database().query("update bot_progress set posted_at = now() - interval '1 hour'");
  t.false(await editOne());
  await database().query("update operation set changed_at = clock_timestamp()");
  t.true(await editOne());
  t.false(await editOne());
});

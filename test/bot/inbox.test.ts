import test from "ava";
import { handleNext } from "../../bot/inbox.ts";
import { database } from "../../core/database/connect.ts";
import { Audit, RoleGrant } from "../../core/model/access.ts";
import { Operation } from "../../core/model/operation.ts";
import { say } from "../../hub/channels/room/room.ts";
import { defineHubModels } from "../../hub/model/index.ts";
import { testDatabase } from "../support/database.ts";
import {
  ANNA,
  answersTo,
  grant,
  OPS,
  outcomeOf,
  roomEnvironment,
  said,
  tell,
} from "../support/room.ts";

const environment = roomEnvironment();

test.before(async () => {
  await testDatabase();
  defineHubModels(database().sequelize);
});
test.after.always(() => database().close());
test.beforeEach(async () => {
  await database().query("truncate delivery, incoming_message, operation, role_grant cascade");
});

async function handleAll(): Promise<void> {
  while (await handleNext(environment));
}

/** What one line is answered, and what became of it. */
async function exchange(
  line: string,
  options: Parameters<typeof tell>[1] = {},
): Promise<{ answers: string[]; outcome: string | null | undefined }> {
  const id = await tell(line, options);
  await handleAll();
  return { answers: await answersTo(id, options.destination), outcome: await outcomeOf(id) };
}

test.serial(
  "a command that is allowed is queued, and its one message says so at once",
  async (t) => {
    await grant(ANNA, "operator");
    const id = await tell("!lk import demo --dry-run");
    await handleAll();
    const [operation, ...others] = await Operation.findAll();
    t.is(others.length, 0);
    t.is(operation?.name, "import");
    t.deepEqual(operation?.parameters, { suites: ["demo"], steps: 1, fail: false, rows: 0 });
    t.true(operation?.dryRun);
    t.is(operation?.caller, ANNA);
    t.is(operation?.room, OPS);
    const [message, ...more] = await said();
    t.is(more.length, 0);
    t.regex(message?.text ?? "", /import demo #\d+ waits/);
    t.is(message?.reply_to, id);
    t.is(message?.thread, id);
    t.regex((await outcomeOf(id)) ?? "", /^queued #\d+$/);
  },
);

test.serial(
  "a stranger is refused with the missing role and how to get it, on record",
  async (t) => {
    const { answers, outcome } = await exchange("!lk import demo", { sender: "@eve:evil.org" });
    t.is(outcome, "FORBIDDEN");
    t.is(answers.length, 1);
    t.regex(answers[0] ?? "", /import needs the role operator; @eve:evil.org has no role here/);
    t.regex(answers[0] ?? "", /role grant operator @eve:evil.org/);
    t.is(await Operation.count(), 0);
    const record = await Audit.findOne({ order: [["id", "DESC"]] });
    t.is(record?.decision, "refused");
    t.is(record?.caller, "@eve:evil.org");
    t.is(record?.room, OPS);
    t.deepEqual(record?.arguments, { typed: "import demo" });
  },
);

test.serial("who may not use a command does not learn how it is written", async (t) => {
  for (const line of ["!lk import --bogus", "!lk import --help", "!lk distro apply /etc/passwd"]) {
    const { outcome } = await exchange(line, { sender: "@eve:evil.org" });
    t.is(outcome, "FORBIDDEN", line);
  }
});

test.serial("a denial holds against a grant, and a grant only in its room", async (t) => {
  await grant(ANNA, "operator", OPS);
  const elsewhere = { destination: "matrix:!other:example.org" };
  t.is((await exchange("!lk import demo", elsewhere)).outcome, "FORBIDDEN");
  await RoleGrant.create({
    principal: "*:example.org",
    role: "operator",
    denied: true,
    grantedBy: "t",
  });
  t.is((await exchange("!lk import demo")).outcome, "FORBIDDEN");
  t.is((await exchange("!lk queue")).outcome, "answered");
});

test.serial("a typo gets the nearest command, ready to send, and runs nothing", async (t) => {
  await grant(ANNA, "operator");
  const { answers, outcome } = await exchange("!lk imprt demo 'two words'");
  t.is(outcome, "UNKNOWN_OPERATION");
  t.regex(answers[0] ?? "", /There is no command imprt/);
  t.regex(answers[0] ?? "", /Did you mean: import demo "two words"/);
  t.is(await Operation.count(), 0);
});

test.serial("a suggestion is only made of what the asker may use", async (t) => {
  await grant(ANNA, "reader");
  const { answers } = await exchange("!lk imprt demo");
  t.notRegex(answers[0] ?? "", /import demo/);
  t.regex(answers[0] ?? "", /Type help for a list/);
});

test.serial("a wrong argument is named, with the usage and an example that works", async (t) => {
  await grant(ANNA, "operator");
  const unknown = await exchange("!lk import demo --stpes 3");
  t.is(unknown.outcome, "BAD_ARGUMENTS");
  t.regex(unknown.answers[0] ?? "", /--stpes/);
  t.regex(unknown.answers[0] ?? "", /Usage: import \[suites...\]/);
  t.regex(unknown.answers[0] ?? "", /For example: import demo/);
  const wrong = await exchange("!lk import demo --steps many");
  t.regex(wrong.answers[0] ?? "", /steps/);
  const open = await exchange(`!lk why "mini`);
  t.regex(open.answers[0] ?? "", /The quote that begins at "mini has no end/);
});

test.serial(
  "what is no command is silence in a room with others, and help where one is alone",
  async (t) => {
    await grant("*", "reader");
    const talk = await exchange("the import failed again, laniakea is slow");
    t.deepEqual(talk, { answers: [], outcome: "not for us" });
    await say("room:local", "local:anna", "hello");
    await handleAll();
    const answers = await said("room:local");
    t.is(answers.length, 1);
    t.regex(answers[0]?.text ?? "", /There is no command hello/);
  },
);

test.serial(
  "people of this machine have the role of web.allow in the local room only",
  async (t) => {
    await say("room:local", "local:anna", "import demo");
    await handleAll();
    t.is(await Operation.count(), 1);
    await say("room:local", "local:anna", "role list");
    await handleAll();
    t.regex((await said("room:local")).at(-1)?.text ?? "", /needs the role admin/);
    t.is((await exchange("!lk import demo", { sender: "local:anna" })).outcome, "FORBIDDEN");
    await RoleGrant.create({ principal: "local:*", role: "reader", denied: true, grantedBy: "t" });
    await say("room:local", "local:anna", "import demo");
    await handleAll();
    t.is(await Operation.count(), 1);
  },
);

test.serial("what was said more than ten minutes ago is not done but answered", async (t) => {
  await grant(ANNA, "operator");
  const old = await exchange("!lk import demo", { sentAt: new Date(Date.now() - 11 * 60_000) });
  t.is(old.outcome, "expired");
  t.regex(old.answers[0] ?? "", /expired/);
  t.regex(old.answers[0] ?? "", /Send it again if it still holds: import demo/);
  const talk = await exchange("good morning", { sentAt: new Date(0) });
  t.is(talk.outcome, "not for us");
  t.is(await Operation.count(), 0);
  await exchange("!lk import demo", { sentAt: new Date(Date.now() - 9 * 60_000) });
  t.is(await Operation.count(), 1);
});

test.serial("the same message heard twice is one command", async (t) => {
  await grant(ANNA, "operator");
  await tell("!lk import demo");
  await database().query(
    `insert into incoming_message (destination, message_id, sender, body, sent_at)
     select destination, message_id, sender, body, sent_at from incoming_message
     on conflict do nothing`,
  );
  await handleAll();
  await handleAll();
  t.is(await Operation.count(), 1);
  t.is((await said()).length, 1);
});

test.serial("several bots at once do each command once", async (t) => {
  await grant(ANNA, "operator");
  for (let count = 0; count < 20; count++) await tell(`!lk import demo-${count}`);
  await Promise.all([handleAll(), handleAll(), handleAll()]);
  await handleAll();
  const suites = (await Operation.findAll()).map((one) => String(one.parameters["suites"]));
  t.is(suites.length, 20);
  t.is(new Set(suites).size, 20);
  t.is((await said()).length, 20);
});

test.serial("a fault of the program is said without its particulars, once", async (t) => {
  await grant(ANNA, "reader");
  for (const how of ["bug", "sql"]) {
    const { answers, outcome } = await exchange(`!lk broken ${how}`);
    t.is(outcome, "failed", how);
    t.is(answers.length, 1);
    t.regex(answers[0] ?? "", /fault of this program; nothing was done/);
    t.notRegex(answers[0] ?? "", /secret|zero/);
  }
});

test.serial("a fault of the moment is tried again before it is reported", async (t) => {
  await grant(ANNA, "reader");
  const id = await tell("!lk broken passing");
  await t.throwsAsync(handleNext(environment));
  t.is(await outcomeOf(id), null);
  await t.throwsAsync(handleNext(environment));
  t.true(await handleNext(environment));
  t.is(await outcomeOf(id), "failed");
  t.is((await answersTo(id)).length, 1);
});

test.serial("a long answer is shortened, and --all shows the rest", async (t) => {
  await grant(ANNA, "reader");
  const short = await exchange("!lk why mini");
  t.regex(short.answers[0] ?? "", /… 37 more: why mini --all/);
  const long = await exchange("!lk why mini --all");
  t.regex(long.answers[0] ?? "", /suite-56/);
  const own = await exchange("!lk queue --all");
  t.is(own.outcome, "answered");
});

test.serial("a word of data cannot become markup or a line of its own", async (t) => {
  await grant(ANNA, "reader");
  await exchange(`!lk why '<img src=x onerror="alert(1)">'`);
  const [message] = await said();
  t.is(message?.message.headline.length, 2);
  t.regex(message?.text ?? "", /<img src=x/);
});

test.serial("an answer stays in the thread of its question", async (t) => {
  await grant(ANNA, "operator");
  await exchange("!lk queue", { thread: "$root" });
  await exchange("!lk import demo", { thread: "$root" });
  t.deepEqual(
    (await said()).map((one) => one.thread),
    ["$root", "$root"],
  );
});

test.serial("what works with files of the machine is not for rooms", async (t) => {
  await grant(ANNA, "admin");
  const { answers, outcome } = await exchange("!lk distro apply /etc/passwd");
  t.is(outcome, "CLI_ONLY");
  t.regex(answers[0] ?? "", /lk distro apply example.toml/);
  const help = await exchange("!lk help");
  t.notRegex(help.answers[0] ?? "", /distro/);
});

test.serial(
  "roles are given and taken in the room, and hold from the next command on",
  async (t) => {
    await grant(ANNA, "admin");
    const ben = { sender: "@ben:example.org" };
    t.is((await exchange("!lk import a", ben)).outcome, "FORBIDDEN");
    const granted = await exchange("!lk role grant operator @ben:example.org --room here");
    t.regex(granted.answers[0] ?? "", /@ben:example.org is now operator in matrix:!ops/);
    t.regex((await exchange("!lk import a", ben)).outcome ?? "", /^queued/);
    await exchange("!lk role deny operator @ben:example.org");
    t.is((await exchange("!lk import a", ben)).outcome, "FORBIDDEN");
    t.is((await exchange("!lk role grant admin @ben:example.org", ben)).outcome, "FORBIDDEN");
  },
);

test.serial("where the channel knows that nobody else was meant, no name is needed", async (t) => {
  await grant(ANNA, "reader");
  t.is((await exchange("queue")).outcome, "not for us");
  t.is((await exchange("queue", { addressed: true })).outcome, "answered");
  t.is((await exchange("!lk queue", { addressed: true })).outcome, "answered");
});

test.serial("a mention with nothing after it is answered with help", async (t) => {
  await grant(ANNA, "reader");
  const called = await exchange("", { addressed: true });
  t.regex(called.answers[0] ?? "", /queue/);
  t.is((await exchange("")).outcome, "not for us");
});

test.serial(
  "what was tried three times is given up with an answer, talk without one",
  async (t) => {
    await grant(ANNA, "reader");
    const asked = await tell("!lk queue");
    const talk = await tell("good morning");
    await database().query("update incoming_message set attempts = 3");
    await handleAll();
    t.is(await outcomeOf(asked), "failed");
    const answers = await answersTo(asked);
    t.is(answers.length, 1);
    t.regex(answers[0] ?? "", /begun 3 times and never came to an end: nothing was done/);
    t.is(await outcomeOf(talk), "not for us");
    t.deepEqual(await answersTo(talk), []);
  },
);

import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { createTerminal, rowsOf } from "../../bot/terminal.ts";
import { connect, database } from "../../core/database/connect.ts";
import { silentLog } from "../../core/log.ts";
import { editLine, say, writeDelivery } from "../../hub/channels/room/room.ts";
import type { Outgoing } from "../../hub/channels/channel.ts";
import { IncomingMessage } from "../../hub/model/conversation.ts";
import { defineHubModels } from "../../hub/model/index.ts";
import type { Service } from "../../core/service.ts";
import { testDatabaseAddress } from "../support/database.ts";
import { createFakeTerminal, type FakeTerminal } from "../support/screen.ts";

test.before(async () => {
  await connect(await testDatabaseAddress());
  defineHubModels(database().sequelize);
});
test.after.always(() => database().close());

let deliveries = 0;

function message(text: string): Outgoing {
  return {
    id: `00000000-0000-4000-8000-${String(++deliveries).padStart(12, "0")}`,
    destination: "room:local",
    address: "local",
    message: { tone: "good", headline: [text] },
    subject: {},
    reason: "test",
    final: true,
    attempt: 1,
    createdAt: new Date(),
  };
}

async function open(): Promise<{ screen: FakeTerminal; terminal: Service; ended: () => number }> {
  const screen = createFakeTerminal();
  let ends = 0;
  const terminal = createTerminal({
    input: screen.input,
    output: screen.output,
    user: "anna",
    log: silentLog(),
    onEnd: () => ends++,
  });
  await terminal.start();
  return { screen, terminal, ended: () => ends };
}

/** Waits until the screen shows the rows; the test's own timeout is the limit. */
async function shows(screen: FakeTerminal, rows: string[]): Promise<void> {
  while (screen.rows().join("\n") !== rows.join("\n")) await sleep(10);
}

test.serial(
  "what is typed is said in the room, and the answer stands above the prompt",
  async (t) => {
    await say("room:local", "local:ben", "before our time");
    const { screen, terminal } = await open();
    await shows(screen, ["lk>"]);
    screen.type("status\r");
    await shows(screen, ["lk> status", "lk>"]);
    while ((await IncomingMessage.count({ where: { sender: "local:anna" } })) === 0)
      await sleep(10);
    const heard = await IncomingMessage.findOne({ where: { sender: "local:anna" } });
    t.is(heard?.body, "status");
    t.is(heard?.destination, "room:local");
    await writeDelivery(message("All is well."));
    await shows(screen, ["lk> status", "✅ All is well.", "lk>"]);
    await say("room:local", "local:ben", "hello");
    await shows(screen, ["lk> status", "✅ All is well.", "ben: hello", "lk>"]);
    await terminal.stop();
    t.pass();
  },
);

test.serial("an edited message is rewritten in place, keeping what is being typed", async (t) => {
  const { screen, terminal } = await open();
  const id = await writeDelivery(message("import waits"));
  await shows(screen, ["✅ import waits", "lk>"]);
  screen.type("que");
  await shows(screen, ["✅ import waits", "lk> que"]);
  await editLine(
    id,
    message("import is running, and this line is so long that it takes two rows of it"),
  );
  await editLine(id, message("x".repeat(100)));
  await shows(screen, [`✅ ${"x".repeat(78)}`, "x".repeat(22), "lk> que"]);
  await editLine(id, message("import done"));
  await shows(screen, ["✅ import done", "lk> que"]);
  await terminal.stop();
  t.pass();
});

test.serial("an edit of what stands further up is printed anew", async (t) => {
  const { screen, terminal } = await open();
  const id = await writeDelivery(message("one"));
  await writeDelivery(message("two"));
  await shows(screen, ["✅ one", "✅ two", "lk>"]);
  await editLine(id, message("one again"));
  await shows(screen, ["✅ one", "✅ two", "✅ one again", "lk>"]);
  screen.type("\r");
  await shows(screen, ["✅ one", "✅ two", "✅ one again", "lk>", "lk>"]);
  await editLine(id, message("one more"));
  await shows(screen, ["✅ one", "✅ two", "✅ one again", "lk>", "✅ one more", "lk>"]);
  await terminal.stop();
  t.pass();
});

test.serial("Ctrl-C and Ctrl-D end the program, once", async (t) => {
  const first = await open();
  first.screen.type("\u0003");
  while (first.ended() === 0) await sleep(10);
  await first.terminal.stop();
  const second = await open();
  second.screen.type("\u0004");
  while (second.ended() === 0) await sleep(10);
  await second.terminal.stop();
  t.is(second.ended(), 1);
});

test.serial("where the input is no terminal nothing is written", async (t) => {
  const screen = createFakeTerminal();
  Object.assign(screen.input, { isTTY: false });
  const terminal = createTerminal({
    input: screen.input,
    output: screen.output,
    user: "anna",
    log: silentLog(),
    onEnd: () => t.fail(),
  });
  await terminal.start();
  await writeDelivery(message("unheard"));
  await terminal.stop();
  t.deepEqual(screen.rows(), []);
});

test("wide characters take two columns", (t) => {
  t.is(rowsOf("", 10), 1);
  t.is(rowsOf("a".repeat(10), 10), 1);
  t.is(rowsOf("a".repeat(11), 10), 2);
  t.is(rowsOf("✅".repeat(6), 10), 2);
  t.is(rowsOf("a\nb\n", 10), 3);
  t.is(rowsOf("漢字かな仮名", 10), 2);
});

import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { channelKinds } from "../../../hub/channels/index.ts";
import { Delivery } from "../../../hub/model/delivery.ts";
import { noticeBooks } from "../../../hub/pacing/books.ts";
import { setPreference } from "../../../hub/pacing/set-preference.ts";
import { hubDatabase } from "../../support/hub.ts";
import { flushAt, forgetPacing, type Happened, happen, told } from "../../support/pacing.ts";

test.before(hubDatabase);
test.beforeEach(forgetPacing);
test.after.always(() => database().close());

const room = "matrix:!room:example.org";
const anna = "email:anna@example.org";
const noon = new Date("2026-03-10T12:00:00Z");

function after(seconds: number, from = noon): Date {
  return new Date(from.getTime() + seconds * 1_000);
}

function many(count: number, part: Partial<Happened> = {}): Happened[] {
  return Array.from({ length: count }, (_, n) => ({ name: `package-${n}`, ...part }));
}

async function settings(destination: string, change: Parameters<typeof setPreference>[1]) {
  await setPreference(destination, change, { by: "anna", kinds: channelKinds, now: noon });
}

test.serial("a single event is told at once, in a room and by mail", async (t) => {
  await happen([{ name: "bash" }], noon, { destinations: [room, anna] });
  t.deepEqual(await told(), [`${anna} → bash`, `${room} → bash`].toSorted().reverse());
  t.like(await noticeBooks(), { decided: 2, told: 2, held: 0, astray: 0 });
});

test.serial("more than a room's budget becomes one summary, which grows by edits", async (t) => {
  await happen(many(300, { object: "x", did: "updated" }).map(own), noon, { destinations: [room] });
  let lines = await told();
  t.is(lines.length, 1);
  t.regex(lines[0] ?? "", /300 packages in debian\/sid: 300 updated/);
  t.regex(lines[0] ?? "", /and 291 more/);
  await happen(many(50, { did: "updated" }).map(own), after(2), { destinations: [room] });
  t.is((await told()).length, 1, "edits keep their distance");
  await flushAt(after(15));
  lines = await told();
  t.is(lines.length, 2);
  t.regex(lines[1] ?? "", /✎ .*350 packages in debian\/sid/);
  t.like(await noticeBooks(), { decided: 350, told: 350, astray: 0 });
});

function own(event: Happened, n: number): Happened {
  return { ...event, object: `package/${n}/${event.name}` };
}

test.serial("who chose a language is told in it, one event or many", async (t) => {
  await settings(room, { language: "de" });
  await happen([{ name: "bash", object: "x" }], noon, { destinations: [room, anna] });
  const languages = Object.fromEntries(
    (await Delivery.findAll()).map(({ destination, message }) => [destination, message.language]),
  );
  t.deepEqual(languages, { [anna]: undefined, [room]: "de" });
  await happen(many(300, { did: "updated" }).map(own), after(600), { destinations: [room, anna] });
  await flushAt(after(1_200));
  const lines = await told();
  t.true(lines.some((line) => line.startsWith(room) && line.includes("300 Pakete")));
  t.true(lines.some((line) => line.startsWith(anna) && line.includes("300 packages")));
  await settings(room, { language: null });
  await happen([{ name: "dash" }], after(2_000), { destinations: [room] });
  t.is(
    (await Delivery.findAll({ order: [["number", "ASC"]] })).at(-1)?.message.language,
    undefined,
  );
});

test.serial("news of another kind come through while a storm lasts", async (t) => {
  await happen(many(300), noon, { destinations: [room] });
  await happen([{ name: "import fails", suite: "experimental", tone: "bad" }], after(300), {
    destinations: [room],
  });
  t.is((await told()).at(-1), `${room} → import fails`);
});

test.serial("what comes one by one is told until the budget is spent", async (t) => {
  for (let n = 0; n < 60; n++) {
    await happen([{ name: `package-${n}` }], after(n), { destinations: [room] });
    await flushAt(after(n));
  }
  await flushAt(after(120));
  const lines = await told();
  const fresh = lines.filter((line) => line.startsWith(`${room} →`));
  t.true(fresh.length <= 7, String(fresh.length));
  t.regex(lines.at(-1) ?? "", /5\d × test.happened/);
  t.like(await noticeBooks(), { decided: 60, told: 60, held: 0 });
});

test.serial(
  "mails that come by and by go at once until the budget is spent, then wait",
  async (t) => {
    for (let n = 0; n < 7; n++) {
      await happen([{ name: `package-${n}` }], after(5 * n), { destinations: [anna] });
    }
    await flushAt(after(60));
    t.deepEqual(
      await told(),
      [0, 1, 2, 3].map((n) => `${anna} → package-${n}`),
    );
    await flushAt(after(16 * 60));
    const lines = await told();
    t.is(lines.length, 5);
    t.regex(lines[4] ?? "", /package-6 \| .*package-5 \| .*package-4/);
  },
);

test.serial("in a rush also what comes alone waits", async (t) => {
  await happen([{ name: "bash" }], noon, { destinations: [anna], backlog: true });
  t.deepEqual(await told(), []);
  await flushAt(after(65));
  t.deepEqual(await told(), [`${anna} → bash`]);
});

test.serial("a storm is one mail, however it comes in", async (t) => {
  for (let n = 0; n < 5; n++) {
    const asked = { destinations: [anna], backlog: n < 4 };
    await happen(many(200, { name: `batch-${n}` }), after(n), asked);
  }
  await flushAt(after(30));
  t.deepEqual(await told(), []);
  await flushAt(after(64));
  const lines = await told();
  t.is(lines.length, 1);
  t.regex(lines[0] ?? "", /1,000 × test.happened/);
});

test.serial(
  "a destination that cannot be told holds up no other, and is tried again",
  async (t) => {
    await database().query(
      `create function refuse() returns trigger language plpgsql as $$
       begin raise exception 'no room in the outbox'; end $$;
     create trigger refuse before insert on delivery for each row
       when (new.destination = 'email:broken@example.org') execute function refuse()`,
    );
    const broken = "email:broken@example.org";
    await happen(many(2), noon, { destinations: [broken], backlog: true });
    await happen(many(2), after(1), { destinations: [anna], backlog: true });
    await flushAt(after(65));
    t.deepEqual(
      (await told()).map((line) => line.split(" ")[0]),
      [anna],
    );
    await database().query("drop trigger refuse on delivery; drop function refuse");
    await flushAt(after(70));
    t.is((await told()).length, 1, "it is left alone for a minute");
    await flushAt(after(130));
    t.is((await told()).length, 2);
    t.like(await noticeBooks(), { decided: 4, told: 4, held: 0, astray: 0 });
  },
);

test.serial("an answer to an upload goes at once, whatever else waits", async (t) => {
  await settings(anna, { quiet: { from: "11:00", to: "13:00" } });
  await happen(many(3), noon, { destinations: [anna], decision: { urgent: true } });
  t.is((await told()).length, 3);
});

test.serial("quiet hours defer, and end with one message", async (t) => {
  await settings(room, { quiet: { from: "22:00", to: "07:00" }, zone: "Europe/Berlin" });
  await happen([{ name: "bash" }], new Date("2026-03-10T22:30:00Z"), { destinations: [room] });
  await happen([{ name: "zsh" }], new Date("2026-03-11T05:59:00Z"), { destinations: [room] });
  await flushAt(new Date("2026-03-11T05:59:59Z"));
  t.deepEqual(await told(), []);
  await flushAt(new Date("2026-03-11T06:00:00Z"));
  const lines = await told();
  t.is(lines.length, 1);
  t.regex(lines[0] ?? "", /zsh \| .*bash/);
});

test.serial("what falls due in quiet hours waits for their end", async (t) => {
  await happen(many(2), after(0), { destinations: [anna], backlog: true });
  await settings(anna, { quiet: { from: "12:00", to: "14:00" } });
  await flushAt(after(120));
  t.deepEqual(await told(), []);
  await flushAt(new Date("2026-03-10T14:00:00Z"));
  t.is((await told()).length, 1);
});

test.serial("digests come at their times and when enough has gathered", async (t) => {
  await settings(anna, { digest: { at: ["08:00", "18:00"], after: 5 } });
  await happen([{ name: "bash" }], noon, { destinations: [anna] });
  await flushAt(new Date("2026-03-10T17:59:59Z"));
  t.deepEqual(await told(), []);
  await flushAt(new Date("2026-03-10T18:00:00Z"));
  t.deepEqual(await told(), [`${anna} → bash`]);
  const later = new Date("2026-03-10T19:00:00Z");
  await happen(many(4), later, { destinations: [anna] });
  t.is((await told()).length, 1);
  await happen(many(1), later, { destinations: [anna] });
  t.is((await told()).length, 2);
});

test.serial("what is undone again is left out, and an empty digest is not sent", async (t) => {
  await settings(anna, { digest: { at: ["18:00"], after: undefined } });
  const bash = { name: "bash", object: "package/bash" };
  await happen([{ ...bash, from: "1", to: "2" }], noon, { destinations: [anna] });
  await happen([{ ...bash, from: "2", to: "1" }], after(60), { destinations: [anna] });
  await flushAt(new Date("2026-03-10T18:00:00Z"));
  t.deepEqual(await told(), []);
  t.like(await noticeBooks(), { decided: 2, collapsed: 2, told: 0, held: 0, astray: 0 });
  const [row] = await database().query<{ note: string }>("select note from notice limit 1");
  t.regex(row?.note ?? "", /^undone by event \d+$/);
});

test.serial("a summary says how much was left out", async (t) => {
  await settings(anna, { digest: { at: ["18:00"], after: undefined } });
  const bash = { name: "bash", object: "package/bash" };
  await happen([{ ...bash, from: "1", to: "2" }, { name: "zsh" }], noon, { destinations: [anna] });
  await happen([{ ...bash, from: "2", to: "1" }, { name: "dash" }], after(60), {
    destinations: [anna],
  });
  await flushAt(new Date("2026-03-10T18:00:00Z"));
  t.regex((await told())[0] ?? "", /2 changes that were undone again left out/);
});

test.serial("a room has one message for an object, which is edited", async (t) => {
  const job = { object: "job/1", continues: true };
  await happen([{ ...job, name: "assigned" }], noon, { destinations: [room] });
  await happen([{ ...job, name: "built", tone: "good" }], after(60), { destinations: [room] });
  const lines = await told();
  t.is(lines.length, 2);
  t.regex(lines[1] ?? "", /✎ built \| 2026-03-10 12:00 UTC: assigned/);
  await happen([{ ...job, name: "broken", tone: "bad" }], after(90), { destinations: [room] });
  t.is((await told()).at(-1), `${room} → broken`, "an edit never hides that it got worse");
});

test.serial("what one cause broke is told once, and counted", async (t) => {
  const broken = many(40, { cause: "perl 5.42", tone: "bad" }).map(own);
  await happen(broken, noon, { destinations: [room] });
  const lines = await told();
  t.is(lines.length, 1);
  t.regex(lines[0] ?? "", /package-39 \| Same cause: 39 others · All of them <.*told=/);
  await happen(
    [{ name: "late", object: "package/late", cause: "perl 5.42", tone: "bad" }],
    after(9),
    {
      destinations: [room],
    },
  );
  t.regex((await told()).at(-1) ?? "", /✎ .*late \| Same cause: 40 others/);
});

test.serial("what flaps becomes one message", async (t) => {
  for (let n = 0; n < 30; n++) {
    const [name, from, to] = n % 2 === 0 ? ["down", "up", "down"] : ["up", "down", "up"];
    const tone = name === "down" ? "bad" : "good";
    await happen([{ name, from, to, tone, object: "lighthouse/1" }], after(n * 20), {
      destinations: [room],
    });
  }
  const lines = await told();
  t.is(lines.filter((line) => line.startsWith(`${room} →`)).length, 3);
  t.regex(lines.at(-1) ?? "", /✎ up \| /);
  t.regex(lines.at(-1) ?? "", /and \d+ more changes before/);
});

test.serial("rules group, wait, and keep an interval", async (t) => {
  const tempo = { groupBy: ["suite"] as const, waitMs: 30_000, intervalMs: 300_000 };
  const asked = { destinations: [room], tempo };
  await happen([{ name: "a" }, { name: "b" }, { name: "c", suite: "trixie" }], noon, asked);
  await happen([{ name: "d" }], after(20), asked);
  await flushAt(after(29));
  t.deepEqual(await told(), []);
  await flushAt(after(30));
  t.is((await told()).length, 2);
  await happen([{ name: "e" }], after(60), asked);
  await flushAt(after(329));
  t.is((await told()).length, 2);
  await flushAt(after(330));
  t.is((await told()).at(-1), `${room} → e`);
});

test.serial("more groups than the budget has room for share a message", async (t) => {
  const tempo = { groupBy: ["package"] as const, waitMs: 30_000 };
  await happen(many(100), noon, { destinations: [room], tempo });
  await flushAt(after(30));
  t.true((await told()).length <= 5);
  t.like(await noticeBooks(), { decided: 100, told: 100 });
});

test.serial("a state that lasts is told again until it ends", async (t) => {
  const asked = { destinations: [room], tempo: { repeatMs: 3_600_000 } };
  const silent = { object: "lighthouse/1", continues: true };
  await happen([{ ...silent, name: "silent", tone: "bad", lasts: true }], noon, asked);
  await flushAt(after(3_600));
  await flushAt(after(7_200));
  await happen([{ ...silent, name: "heard", lasts: false }], after(9_000), asked);
  await flushAt(after(20_000));
  t.deepEqual(
    (await told()).map((line) => line.replace(room, "").split(" | ")[0]),
    [" → silent", " → Still: silent", " → Still: silent", " ✎ heard"],
  );
});

test.serial("what is old when it is routed is told together", async (t) => {
  const happenedAt = after(-7_200);
  await happen(many(2), noon, { destinations: [room], happenedAt });
  await happen(many(2), after(5), { destinations: [room], happenedAt });
  t.deepEqual(await told(), []);
  await flushAt(after(15));
  t.regex((await told()).join(), /^matrix:!room:example.org → 4 × test.happened in debian\/sid/);
});

test.serial("what is suppressed or has nothing to say is written down", async (t) => {
  const suppressed = { by: "silence", name: "silence 4 of anna" } as const;
  await happen([{ name: "bash" }], noon, { destinations: [room], decision: { suppressed } });
  await happen([{ name: "zsh", silent: true }], noon, { destinations: [room] });
  t.deepEqual(await told(), []);
  t.like(await noticeBooks(), { decided: 2, suppressed: 1, silent: 1 });
});

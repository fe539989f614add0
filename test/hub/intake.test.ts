import { readFileSync } from "node:fs";
import test from "ava";
import { database } from "../../core/database/connect.ts";
import { type AdmissionRules, admitFrame } from "../../core/events/admission.ts";
import { newEvent } from "../../core/events/emit.ts";
import { wireText } from "../../core/events/envelope.ts";
import type { Heard } from "../../core/events/follower.ts";
import { newKeyPair, parseKeyFile } from "../../core/events/key-file.ts";
import { type SigningKey, verifyKeyText } from "../../core/events/signature.ts";
import { loadPositions } from "../../core/events/positions.ts";
import { Event, EventQuarantine } from "../../core/model/event.ts";
import { HUB_READER, intakeBooks, takeIn as takeInHeard } from "../../hub/intake.ts";
import { rulesFor } from "../support/authority.ts";
import { hubDatabase } from "../support/hub.ts";
import { dealtWithEvents } from "../support/database.ts";

test.before(hubDatabase);
test.beforeEach(() =>
  database().query("truncate event, event_quarantine, intake_tally, delivery cascade"),
);
test.after.always(() => database().close());

const pair = parseKeyFile(newKeyPair("master-archive").secret, "key");
const stranger = parseKeyFile(newKeyPair("stranger").secret, "key");
const rules = rulesFor(
  pair.signingKey === undefined ? {} : { [pair.id]: verifyKeyText(pair.signingKey) },
);

interface ReceivedFrame {
  bytes: Buffer;
  source: string;
}

/** Decides on frames as the subscriber does, and takes them in. */
function takeIn(frames: ReceivedFrame[], by: AdmissionRules) {
  const channel = "bus";
  return takeInHeard(
    frames.map((one) => ({ ...one, channel, verdict: admitFrame(one.bytes, channel, by) })),
  );
}

function frame(name: string, key: SigningKey | undefined = pair.signingKey): ReceivedFrame {
  const data = { pkg_name: name, pkg_version: "1", repo: "master" };
  const text = wireText(newEvent("_lk.archive.package-src-removed", data, key));
  return { bytes: Buffer.from(text), source: "tcp://127.0.0.1:5572" };
}

function changed(one: ReceivedFrame, from: string, to: string): ReceivedFrame {
  return { ...one, bytes: Buffer.from(Buffer.from(one.bytes).toString().replace(from, to)) };
}

test.serial("a signed event is journalled as it came, and is not ours to publish", async (t) => {
  const one = frame("bash");
  t.deepEqual(await takeIn([one], rules), {
    received: 1,
    stored: 1,
    duplicate: 0,
    quarantined: {},
  });
  const event = await Event.findOne({ rejectOnEmpty: true });
  t.like(event.toJSON(), {
    tag: "_lk.archive.package-src-removed",
    signer: "master-archive",
    origin: "bus",
    body: Buffer.from(one.bytes).toString(),
  });
  t.deepEqual(await database().query("select from event_unnumbered"), []);
});

test.serial("an event that comes again is a duplicate, in one batch or in two", async (t) => {
  const one = frame("bash");
  t.like(await takeIn([one, one, frame("zsh")], rules), { stored: 2, duplicate: 1 });
  t.like(await takeIn([one], rules), { stored: 0, duplicate: 1 });
  t.is(await Event.count(), 2);
});

test.serial("what was tampered with is nowhere but in quarantine, with the reason", async (t) => {
  const intake = await takeIn([changed(frame("bash"), "bash", "dash"), frame("zsh")], rules);
  t.deepEqual(intake, {
    received: 2,
    stored: 1,
    duplicate: 0,
    quarantined: { "wrong-signature": 1 },
  });
  t.deepEqual(
    (await Event.findAll()).map((event) => event.data["pkg_name"]),
    ["zsh"],
  );
  t.like((await EventQuarantine.findOne())?.toJSON(), {
    source: "tcp://127.0.0.1:5572",
    signer: "master-archive",
    tag: "_lk.archive.package-src-removed",
  });
});

test.serial("strangers, the unsigned and rubbish are quarantined one by one", async (t) => {
  const source = "tcp://127.0.0.1:5572";
  const rubbish = ["", "{}", "[]", "nonsense", "\0", "\xff\xfe", `{"tag":${"[".repeat(5000)}`];
  const frames = [
    frame("bash", stranger.signingKey),
    { bytes: Buffer.from(wireText(newEvent("_lk.a.b", {}, undefined))), source },
    ...rubbish.map((text) => ({ bytes: Buffer.from(text, "latin1"), source })),
  ];
  const intake = await takeIn(frames, rules);
  t.like(intake, { received: frames.length, stored: 0, duplicate: 0 });
  t.is(intake.quarantined["untrusted"], 1);
  t.is(intake.quarantined["unsigned"], 1);
  t.is(await EventQuarantine.count(), frames.length);
  t.is(await Event.count(), 0);
});

test.serial("the books balance over all that ever came", async (t) => {
  const one = frame("bash");
  await takeIn([one, changed(one, "bash", "dash")], rules);
  await takeIn([one, frame("zsh"), changed(one, "bash", "fish")], rules);
  const books = await intakeBooks();
  t.deepEqual(books, {
    received: 5,
    stored: 2,
    duplicate: 1,
    quarantined: { "wrong-signature": 2 },
  });
  t.is(books.stored, await Event.count());
});

test.serial("two hubs that hear the same store it once", async (t) => {
  const frames = Array.from({ length: 50 }, (_, n) => frame(`package-${n}`));
  const both = await Promise.all([takeIn(frames, rules), takeIn(frames.toReversed(), rules)]);
  t.is(await Event.count(), 50);
  t.is(
    both.reduce((sum, intake) => sum + intake.stored, 0),
    50,
  );
  t.like(await intakeBooks(), { received: 100, stored: 50, duplicate: 50 });
});

interface Vectors {
  trusted: Record<string, string>;
  cases: { name: string; wire: string; accept: boolean }[];
}

test.serial("every shared case ends where its verdict says", async (t) => {
  const text = readFileSync("test/fixtures/events/signed-events.json", "utf8");
  const { trusted: keys, cases } = JSON.parse(text) as Vectors;
  // They are of the autumn of 2026.
  const known = rulesFor(keys, () => Date.parse("2026-11-22T12:00:00Z"));
  for (const { name, wire, accept } of cases) {
    const { stored, duplicate } = await takeIn([{ bytes: Buffer.from(wire), source: name }], known);
    t.is(stored + duplicate, accept ? 1 : 0, name);
  }
  const books = await intakeBooks();
  t.is(books.received, cases.length);
  t.is(await EventQuarantine.count(), cases.filter((one) => !one.accept).length);
});

test.serial(
  "a replayed event triggers nothing a second time, and the position is kept",
  async (t) => {
    const one = frame("bash");
    const verdict = admitFrame(one.bytes, "bus", rules);
    const lighthouse = "11111111-1111-4111-8111-111111111111";
    const live: Heard = { ...one, channel: "bus", verdict, position: { lighthouse, sequence: 7 } };
    await takeInHeard([live]);
    await dealtWithEvents();
    const replayed: Heard = { ...live, channel: "replay", position: { lighthouse, sequence: 8 } };
    t.like(await takeInHeard([replayed, replayed]), { stored: 0, duplicate: 2 });
    const [row] = await database().query<{ undone: string }>(
      "select (select count(*) from event_to_route) + (select count(*) from event_to_consider) as undone",
    );
    t.is(Number(row?.undone), 0);
    t.deepEqual(await loadPositions(HUB_READER), [{ lighthouse, sequence: 8 }]);
  },
);

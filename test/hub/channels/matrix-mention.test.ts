import test from "ava";
import type { IncomingMatrixMessage } from "../../../hub/channels/matrix/contract.ts";
import { afterMention } from "../../../hub/channels/matrix/mention.ts";

const US = "@lk:example.org";
const PILL = `<a href="https://matrix.to/#/${US}">Laniakea</a>`;

function message(body: string, more: Partial<IncomingMatrixMessage> = {}): IncomingMatrixMessage {
  return {
    room: "!room:example.org",
    eventId: "$event",
    sender: "@anna:example.org",
    body,
    formatted: undefined,
    time: new Date("2026-11-22T10:00:00Z"),
    isDirect: false,
    alone: false,
    ownName: "Laniakea",
    mentionsUs: true,
    threadRoot: undefined,
    replyTo: undefined,
    ...more,
  };
}

const pills: [body: string, formatted: string, rest: string | undefined][] = [
  ["Laniakea: status", `${PILL}: status`, "status"],
  ["Laniakea status", `${PILL} status`, "status"],
  ["@Laniakea, status", `${PILL}, status`, "status"],
  [`${US}: status`, `${PILL}: status`, "status"],
  ["Laniakea: status\nof all", `<p>${PILL}: status<br>of all</p>`, "status\nof all"],
  ["Laniakea", PILL, ""],
  [
    "Boss: status",
    `<a href='https://matrix.to/#/%40lk%3Aexample.org?via=a'>Boss</a>: status`,
    "status",
  ],
  ["Boss: status", '<a class="x" href="matrix:u/lk:example.org">Boss</a>: status', "status"],
  ["A & B: status", `<a href="https://matrix.to/#/${US}">A &amp; &#66;</a>: status`, "status"],
  [`[Laniakea](https://matrix.to/#/${US}): status`, `${PILL}: status`, "status"],
  ["ask Laniakea: status", `ask ${PILL}: status`, undefined],
  ["Laniakea's import failed", `${PILL}'s import failed`, undefined],
  ["Boss: status", '<a href="https://matrix.to/#/@lk:evil.org">Boss</a>: status', undefined],
  ["Boss: status", '<a href="https://matrix.to/#/%zz">Boss</a>: status', undefined],
  ["Boss: status", `<a href="https://evil.org/#/${US}">Boss</a>: status`, undefined],
  ["status", `${PILL}: status`, undefined],
];
for (const [body, formatted, rest] of pills) {
  test(`with HTML ${JSON.stringify(formatted)} and text ${JSON.stringify(body)}`, (t) => {
    t.is(afterMention(message(body, { formatted }), US), rest);
  });
}

test("a name at the beginning counts when the mentions name us, also without a pill", (t) => {
  t.is(afterMention(message("laniakea status"), US), "status");
  t.is(afterMention(message("Laniakea: status"), US), "status");
  t.is(afterMention(message(`${US} status`), US), "status");
  t.is(afterMention(message("Laniakeas status"), US), undefined);
  t.is(afterMention(message(`${US}.com status`), US), undefined);
  t.is(afterMention(message("thanks Laniakea"), US), undefined);
  t.is(afterMention(message(": status", { ownName: "" }), US), undefined);
  t.is(afterMention(message("Laniakea: status", { ownName: undefined }), US), undefined);
});

test("a pill that the mentions do not name is none", (t) => {
  const quiet = { formatted: `${PILL}: status`, mentionsUs: false };
  t.is(afterMention(message("Laniakea: status", quiet), US), undefined);
  t.is(afterMention(message("Laniakea: status", { ...quiet, alone: true }), US), "status");
});

test("where answering us is what mentions us, a name is an address with its colon only", (t) => {
  for (const relation of [{ replyTo: "$ours" }, { threadRoot: "$ours" }]) {
    t.is(afterMention(message("Laniakea is slow today", relation), US), undefined);
    t.is(afterMention(message("Laniakea: status", relation), US), "status");
    const formatted = `${PILL} status`;
    t.is(afterMention(message("Laniakea status", { ...relation, formatted }), US), "status");
  }
});

test("where nobody else listens a name with its colon is taken off, a sentence is not", (t) => {
  const alone = { alone: true, mentionsUs: false };
  t.is(afterMention(message("Laniakea: status", alone), US), "status");
  t.is(afterMention(message("Laniakea is slow today", alone), US), undefined);
  t.is(afterMention(message("status", alone), US), undefined);
});

import test from "ava";
import { html, Safe } from "../../core/html.ts";
import {
  bounded,
  itemOf,
  type Message,
  renderHtml,
  renderText,
  summaryMessage,
  withSharedCause,
} from "../../core/message.ts";

const HOSTILE = `<script>alert("1")</script>&\u202egnp.exe\u0007`;

const message: Message = {
  tone: "bad",
  headline: ["upload of ", { strong: HOSTILE }, " ", { version: "1<2" }, { architecture: "amd64" }],
  details: [[{ code: HOSTILE }], [{ link: HOSTILE, to: "javascript:alert(1)" }]],
  quote: `first\n<b>second</b>`,
  table: { columns: ["suite"], rows: [[HOSTILE]] },
  next: [{ link: "job", to: 'https://example.org/a?b=1&c="2"' }],
};

test("no data becomes markup, and no link becomes a script", (t) => {
  const text = renderHtml(message).toString();
  t.notRegex(text, /<script|javascript:|<b>second/);
  t.true(text.includes("&lt;script&gt;"));
  t.true(text.includes('href="https://example.org/a?b=1&amp;c=&quot;2&quot;"'));
  t.true(text.includes("first<br>&lt;b&gt;second"));
});

test("control characters and changes of direction are shown, not sent", (t) => {
  for (const rendered of [renderText(message), renderHtml(message).toString()]) {
    t.notRegex(rendered, /[\u0007\u202e]/);
    t.true(rendered.includes("\ufffd"));
  }
});

test("text says all that the HTML says", (t) => {
  const lines = renderText(message).split("\n");
  t.true(lines[0]?.startsWith("❌ upload of <script>"));
  t.true(lines.includes("  | first"));
  t.true(lines.some((line) => line.includes("→ job <https://example.org/")));
});

test("the html tag escapes everything but its own kind", (t) => {
  const inner = html`<i>${"<"}</i>`;
  t.is(html`${inner}${[1, null, false, "&"]}`.toString(), "<i>&lt;</i>1&amp;");
  t.true(inner instanceof Safe);
});

test("answers come in one order, in text and in HTML, with labels in the language", (t) => {
  const answered: Message = {
    tone: "bad",
    headline: [{ strong: "bash" }, " ", { verdict: "baut nicht" }],
    language: "de",
    details: [["Beleg"]],
    answers: {
      state: "failed",
      since: ["gestern"],
      why: ["Grund"],
      acts: ["wer"],
      shared: ["3 weitere"],
      event: [{ code: "7c1e" }],
    },
    next: [{ code: "why bash" }],
  };
  t.deepEqual(renderText(answered).split("\n"), [
    "❌ bash baut nicht",
    "  Seit: gestern",
    "  Warum: Grund",
    "  Beleg",
    "  Am Zug: wer",
    "  Gleiche Ursache: 3 weitere",
    "  → why bash · 7c1e",
  ]);
  const markup = renderHtml(answered).text;
  t.true(markup.includes('<span data-mx-color="#da4453"><b>baut nicht</b></span>'));
  t.true(renderHtml(answered, "mail").text.includes('<span style="color: #da4453">'));
  t.true(markup.indexOf("Warum:") < markup.indexOf("Beleg"));
});

test("twelve lines are enough for everything, and what is left out is counted", (t) => {
  const line = (n: number) => [`line ${n} ${"x".repeat(500)}`];
  const long: Message = {
    tone: "attention",
    headline: line(0),
    answers: {
      state: "blocked",
      since: line(1),
      why: line(2),
      acts: line(3),
      shared: line(4),
      event: line(5),
    },
    details: Array.from({ length: 40 }, (_, n) => line(n)),
    quote: "quoted\n".repeat(40).trimEnd(),
    next: line(6),
  };
  const lines = renderText(bounded(long)).split("\n");
  t.is(lines.length, 12);
  t.true(lines.slice(0, -1).every((text) => text.length <= 260));
  t.true(lines.some((text) => text.includes("and 36 more")));
  t.true(lines.some((text) => text.includes("… 40 more lines")));
  t.deepEqual(bounded(bounded(long)).headline, bounded(long).headline);
});

test("a summary names the first, counts the rest and says where all are", (t) => {
  const items = Array.from({ length: 10 }, (_, n) => itemOf({ tone: "good", headline: [`p${n}`] }));
  const summary = summaryMessage({
    tone: "neutral",
    headline: ["300 packages"],
    counts: [["300 updated"]],
    items,
    total: 300,
    next: [{ link: "All of them", to: "https://example.org/" }],
  });
  const lines = renderText(summary).split("\n");
  t.is(lines.length, 12);
  t.is(lines[2], "  ✅ p0");
  t.is(lines[10], "  and 292 more");
});

test("one message says how many others its cause broke", (t) => {
  const one: Message = { tone: "bad", headline: ["a"], answers: { state: "failed" } };
  const where = [{ link: "All of them", to: "https://example.org/" }];
  t.regex(renderText(withSharedCause(one, 1, where)), /Same cause: 1 other · All of them </);
  t.regex(renderText(withSharedCause({ ...one, language: "de" }, 1200)), /: 1.200 weitere Fälle$/);
  t.is(withSharedCause(one, 0), one);
});

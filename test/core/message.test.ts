import test from "ava";
import { html, Safe } from "../../core/html.ts";
import { type Message, renderHtml, renderText } from "../../core/message.ts";

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

import test from "ava";
import fc from "fast-check";
import { paginate } from "../../bot/pages.ts";
import { type Message, plainLine, renderHtml, renderText } from "../../core/message.ts";

function table(count: number, cell = "x"): Message {
  const rows = Array.from({ length: count }, (_, row) => [`package-${row}`, cell]);
  return { tone: "neutral", headline: ["List"], table: { columns: ["name", "what"], rows } };
}

function weight(message: Message): number {
  return Buffer.byteLength(renderText(message)) + Buffer.byteLength(renderHtml(message).text);
}

test("a short answer stays as it is", (t) => {
  const messages: Message[] = [table(20), { tone: "good", headline: ["Done."] }];
  t.deepEqual(paginate(messages, "list", false), messages);
});

test("a long table ends with how many more there are and how to see them", (t) => {
  const [message] = paginate([{ ...table(57), next: ["Read on."] }], "why mini", false);
  t.is(message?.table?.rows.length, 20);
  t.is(plainLine(message?.next ?? []), "… 37 more: why mini --all");
  t.deepEqual(message?.details, [["Read on."]]);
});

test("a long quotation is shortened by its lines", (t) => {
  const quote = Array.from({ length: 30 }, (_, line) => `line ${line}`).join("\n");
  const [message] = paginate([{ tone: "neutral", headline: ["Log"], quote }], "log 1", false);
  t.is(message?.quote?.split("\n").length, 20);
  t.is(plainLine(message?.next ?? []), "… 10 more: log 1 --all");
});

test("many messages are ten and a word on the others", (t) => {
  const many = Array.from({ length: 14 }, () => table(1));
  const messages = paginate(many, "status", false);
  t.is(messages.length, 11);
  t.is(plainLine(messages.at(-1)?.headline ?? []), "… 4 more: status --all");
});

test("with all nothing is left out, in messages that a room can carry", (t) => {
  const messages = paginate([{ ...table(2_000), next: ["Read on."] }], "list", true);
  t.true(messages.length > 1);
  for (const message of messages) t.true(weight(message) <= 32 * 1024);
  const rows = messages.flatMap((message) => message.table?.rows ?? []);
  t.deepEqual(rows, table(2_000).table?.rows);
  t.deepEqual(messages.at(-1)?.next, ["Read on."]);
  t.is(messages.filter((message) => message.next !== undefined).length, 1);
  t.regex(plainLine(messages[1]?.headline ?? []), /continued/);
});

test("text that is too long even alone loses its end", (t) => {
  const [message] = paginate([table(1, "é".repeat(100_000))], "list", true);
  t.is(message?.table?.rows[0]?.[1]?.length, 2_001);
});

test("every message that leaves is light enough, and no row is lost or doubled", (t) => {
  const text = fc.string({ unit: "grapheme", maxLength: 300 });
  const message = fc.record({
    tone: fc.constant("neutral" as const),
    headline: fc.constant(["Something"] as string[]),
    details: fc.array(fc.array(text, { maxLength: 2 }), { maxLength: 30 }),
    table: fc.record({
      columns: fc.constant(["a", "b"] as string[]),
      rows: fc.array(fc.tuple(text, text), { maxLength: 120 }),
    }),
    quote: fc.array(text, { maxLength: 100 }).map((lines) => lines.join("\n")),
  });
  fc.assert(
    fc.property(message, (one) => {
      const pages = paginate([one], "x", true);
      for (const page of pages) t.true(weight(page) <= 32 * 1024);
      t.deepEqual(
        pages.flatMap((page) => page.table?.rows ?? []),
        one.table.rows,
      );
      t.deepEqual(
        pages.flatMap((page) => page.details ?? []),
        one.details,
      );
      const quoted = pages.filter((page) => page.quote !== undefined).map((page) => page.quote);
      t.is(quoted.join("\n"), one.quote.replaceAll("\r\n", "\n"));
    }),
    { numRuns: 50 },
  );
});

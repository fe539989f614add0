import test from "ava";
import {
  emptyElements,
  findElements,
  type Separator,
  splitList,
} from "../../../../core/modules/archive/list-elements.ts";

const SEPARATORS: Separator[] = ["comma", "blank", "address"];
const PIECES = ["a", "b c", ",", ", ", " ", "  ", "\n ", "\t", "<x@y>", ">", "Doe, J <j@x>", ""];

/** Found in bytes, or undefined where strings have to do it. */
function found(text: string, separator: Separator): string[] | undefined {
  const elements = emptyElements();
  const buffer = Buffer.from(`..${text}..`);
  if (!findElements(elements, buffer, 2, buffer.length - 2, separator)) return undefined;
  return Array.from({ length: elements.count }, (_, place) =>
    buffer.toString("utf8", elements.starts[place], elements.ends[place]),
  );
}

test("bytes and strings find the same elements in any list", (t) => {
  let inBytes = 0;
  for (let seed = 0; seed < 20_000; seed++) {
    let number = seed;
    let text = "";
    for (let length = 0; length < 5; length++) {
      text += PIECES[number % PIECES.length] ?? "";
      number = Math.floor(number / PIECES.length) + seed * 7;
    }
    for (const separator of SEPARATORS) {
      const elements = found(text, separator);
      if (elements === undefined) continue;
      inBytes++;
      t.deepEqual(elements, splitList(text, separator), JSON.stringify({ text, separator }));
    }
  }
  t.true(inBytes > 10_000);
});

test("the comma in a name does not end an address", (t) => {
  t.deepEqual(found("Doe, Jane <j@x.org>, Team <t@x.org>", "address"), [
    "Doe, Jane <j@x.org>",
    "Team <t@x.org>",
  ]);
});

test("a list over several lines is found in bytes as long as its elements are not", (t) => {
  t.deepEqual(found("one, two,\n three", "comma"), ["one", "two", "three"]);
  t.is(found("one, two\n three", "comma"), undefined);
  t.deepEqual(splitList("one, two\n three", "comma"), ["one", "two three"]);
});

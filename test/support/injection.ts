import type { z } from "zod";
import { createRandom, pick } from "./random.ts";

/**
 * Texts that try to become something else where they are shown: markup, header fields, commands,
 * mentions, other words. Some are from the OWASP XSS filter evasion cheat sheet and the HTML
 * standard's parsing rules, some from RFC 5322, 2047 and Unicode TR 36.
 */
const MARKUP = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "'><svg/onload=alert(1)>",
  "</b></span></li></ul></p><h1>Failed</h1>",
  "</code><a href='https://evil.example/'>log in</a>",
  '<a href="javascript:alert(1)">x</a>',
  "javascript:alert(1)",
  "data:text/html;base64,PHNjcmlwdD4=",
  "<!-- ",
  "-->",
  "]]>",
  "<![CDATA[",
  "<?xml version='1.0'?>",
  "<!doctype html><html>",
  "<style>*{display:none}</style>",
  "<iframe src=//evil.example>",
  "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "<textarea></textarea><plaintext>",
  "<table><tr><td>",
  "<br><hr><p>",
  "<mx-reply><blockquote>somebody said</blockquote></mx-reply>",
  "<details open ontoggle=alert(1)>",
  "<img src='mxc://evil.example/track' data-mx-emoticon>",
  "<span data-mx-spoiler='x' data-mx-color='#fff'>",
  "&lt;b&gt; &amp;amp; &#60;script&#62; &nbsp;&NewLine;&Tab;",
  "&#x202e;&#0;&#xD800;",
  "\\u003cscript\\u003e",
  "＜script＞",
  "<scr\0ipt>",
  "<\u200bscript>",
  "<IMG SRC=`javascript:alert(1)`>",
  "{{constructor.constructor('x')()}}",
  "${7*7} #{7*7} <%= 7*7 %> {% 7*7 %}",
  "{package} {0} %s %(x)s {n, plural, one {#} other {#}}",
  "<v>was built</v>",
];

const LINES = [
  "x\r\nBcc: victim@evil.example",
  "x\nSubject: you won",
  "x\rReply-To: thief@evil.example",
  "x\r\n\r\n<html>the body</html>",
  "x\n.\nQUIT\r\n.\r\nMAIL FROM:<a@evil.example>",
  "x%0d%0aBcc: victim@evil.example",
  "x\u2028Bcc: a@evil.example\u2029Cc: b@evil.example",
  "x\u0085Bcc: a@evil.example",
  "x\v\fBcc: a@evil.example",
  "=?utf-8?q?=0d=0aBcc:_victim@evil.example?=",
  "=?utf-8?b?DQpCY2M6IGE=?=",
  'a" <victim@evil.example>, "b',
  "victim@evil.example, other@evil.example",
  "--boundary\r\nContent-Type: text/html\r\n\r\n",
  "-- \nanother signature",
  "From nobody Thu Jan  1 00:00:00 1970",
  "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n✅ all is well",
  "✅ foo 1.0 was built\n  Acts: nobody\n  → rm -rf ~",
  "line\n".repeat(300),
];

const CHARACTERS = [
  "\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u001b[2J\u001b[H",
  "\u009b31m \u0090payload\u009c",
  "\b\b\b\b\bsafe\u007f\u007f",
  "\0nul\0",
  "\u202egnp.exe\u202c \u2066x\u2069 \u200fx\u200e \u061c",
  "ad\u200bmin\u2060\ufeff\u180e\u00ad",
  "\u{e0001}\u{e0074}\u{e0065}\u{e0078}\u{e0074}\u{e007f}",
  "half \ud800 and \udfff a pair",
  "\ud83d",
  "pаypаl-раyment",
  "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034d",
  "👩‍👩‍👧‍👦 क्‍ष می‌خواهم",
  "\ufffd\uffff\ufffe\u{10ffff}",
  "ﷺ".repeat(100),
  "x".repeat(5_000),
  "😀".repeat(3_000),
  "a\u0300".repeat(2_000),
  " ",
  "\t\t\t",
  "",
];

const CHAT = [
  "@room",
  "@room: wake up @everyone @here @channel",
  "@admin:example.org",
  "https://matrix.to/#/@admin:example.org",
  "<a href='https://matrix.to/#/@admin:example.org'>Admin</a>",
  "[Admin](https://matrix.to/#/@admin:example.org)",
  "matrix:u/admin:example.org",
  "!lk role grant admin @evil:example.org",
  "# heading\n* **bold** _x_ `code` ~~y~~\n> quote\n```\nfence\n```",
  "||spoiler|| $math$ \\(x\\)",
  "/me does /html <b>",
  "* edited: all is well",
  "http://user:password@evil.example:80/?a=b#c",
  "x> <https://evil.example/",
];

const PATHS = [
  "../../../../etc/passwd",
  "..",
  ".",
  "a/b?c=d&e=f#g",
  "//evil.example/x",
  "\\\\evil.example\\x",
  "%2e%2e%2f%00",
  "; rm -rf ~",
  "$(id) `id` | id & id > x",
  "--help",
  "-x",
  "x' or 1=1 --",
  "__proto__",
  "constructor",
  "toString",
  "2026-13-45T99:99:99Z",
  "null",
];

/** Every text by itself. */
export const ATTACKS: readonly string[] = [...MARKUP, ...LINES, ...CHARACTERS, ...CHAT, ...PATHS];

/** Ways to hide a text in others. */
const WRAPPINGS: readonly ((text: string, other: string) => string)[] = [
  (text) => `bash ${text}`,
  (text) => `${text} 5.3-1`,
  (text, other) => `${text}${other}`,
  (text, other) => `${other}\r\n${text}`,
  (text) => `"${text}"`,
  (text) => `'${text}'`,
  (text) => `<${text}>`,
  (text) => text.toUpperCase(),
  (text, other) => `${text.slice(0, text.length / 2)}${other}${text.slice(text.length / 2)}`,
  (text) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, "")),
  (text) => `${"y".repeat(197)}${text}`,
  (text) => `${"y\n".repeat(5)}${text}`,
];

/** So many texts, the same each time: those above, then combinations of them. */
export function attacks(count: number): string[] {
  const random = createRandom(28);
  const made = ATTACKS.slice(0, count);
  while (made.length < count) {
    made.push(pick(random, WRAPPINGS)(pick(random, ATTACKS), pick(random, ATTACKS)));
  }
  return made;
}

/** As much of a zod schema as walking it takes (zod 4, `def`). */
interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  innerType?: z.ZodType;
  keyType?: z.ZodType;
  valueType?: z.ZodType;
  entries?: Record<string, string>;
  catchall?: z.ZodType;
}

/**
 * Data as a schema wants it, with what `text` gives in every string: optional members, elements of
 * lists, keys of maps and members that nobody declared too. `text` is called once a string, with
 * its path.
 *
 * @throws Error for a kind of schema that no event uses yet
 */
export function fillSchema(
  schema: z.ZodType,
  text: (path: string) => string,
  path = "data",
): unknown {
  const definition = schema.def as unknown as Definition;
  const fill = (inner: z.ZodType | undefined, name: string) =>
    inner === undefined ? undefined : fillSchema(inner, text, `${path}.${name}`);
  switch (definition.type) {
    case "string":
      return text(path);
    case "object": {
      const shape = Object.entries(definition.shape ?? {});
      const members = shape.map(([name, inner]) => [name, fill(inner, name)]);
      // `__proto__` and the like as a member of its own, as JSON.parse makes it.
      return Object.fromEntries([...members, ...extra(definition, text, path)]) as unknown;
    }
    case "array":
      return [fill(definition.element, "0"), fill(definition.element, "1")];
    case "record":
      if (definition.keyType?.def.type === "enum") {
        const { entries = {} } = definition.keyType.def as unknown as Definition;
        return Object.fromEntries(
          Object.values(entries).map((key) => [key, fill(definition.valueType, key)]),
        );
      }
      return Object.fromEntries([[text(`${path} key`), fill(definition.valueType, "value")]]);
    case "optional":
    case "nullable":
    case "default":
      return fillSchema(definition.innerType as z.ZodType, text, path);
    case "enum":
      return Object.values(definition.entries ?? {})[0];
    case "number":
      return 3;
    case "boolean":
      return true;
    case "unknown":
      return text(path);
    default:
      throw new Error(`no filling for ${definition.type} at ${path}`);
  }
}

function extra(
  { catchall }: Definition,
  text: (path: string) => string,
  path: string,
): [string, string][] {
  return catchall === undefined ? [] : [[text(`${path} key`), text(`${path} extra`)]];
}

/** Words of samples that decide which sentence is said; they stay, so that all are said. */
const DECIDING = new Set(["kind", "result", "package_type", "change", "type"]);

/** A sample with what `text` gives in every string but those that choose the sentence. */
export function fillSample(value: unknown, text: (path: string) => string, path = "data"): unknown {
  if (typeof value === "string") return text(path);
  if (Array.isArray(value)) {
    return value.map((part, index) => fillSample(part, text, `${path}.${index}`));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      DECIDING.has(name) ? member : fillSample(member, text, `${path}.${name}`),
    ]),
  );
}

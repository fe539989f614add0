import test from "ava";
import { type Command, readCommands } from "../../../hub/mail/command-words.ts";

function commandsOf(subject: string, text = ""): Command[] {
  return readCommands(subject, text).map(({ command }) => command);
}

const CASES: [what: string, text: string, commands: Command[]][] = [
  [
    "a command a line",
    "subscribe bash\nwhich",
    [{ verb: "subscribe", package: "bash" }, { verb: "which" }],
  ],
  ["case does not count", "SUBSCRIBE Bash", [{ verb: "subscribe", package: "bash" }]],
  [
    "src: before a source package",
    "unsubscribe src:linux",
    [{ verb: "unsubscribe", package: "linux" }],
  ],
  ["a signature ends them", "which\n-- \nunsubscribeall", [{ verb: "which" }]],
  ["quit ends them", "which\nquit\nunsubscribeall", [{ verb: "which" }]],
  ["thanks end them", "which\nThanks, Anna\nhelp", [{ verb: "which" }]],
  [
    "quotations count for nothing",
    "> unsubscribeall\n| subscribe bash\nwhich",
    [{ verb: "which" }],
  ],
  ["comments and empty lines", "# hello\n\n   \nhelp", [{ verb: "help" }]],
  ["a non-breaking space", "subscribe\u00a0bash", [{ verb: "subscribe", package: "bash" }]],
  ["no package name", "subscribe ../../x", [{ verb: "unknown" }]],
  ["nothing to subscribe to", "subscribe", [{ verb: "unknown" }]],
  ["own keywords", "keyword", [{ verb: "keyword" }]],
  ["keywords of a package", "keyword bash", [{ verb: "keyword", package: "bash" }]],
  [
    "more keywords",
    "keyword + build, migration",
    [{ verb: "keyword", change: { sign: "+", words: ["build", "migration"] } }],
  ],
  [
    "a sign that sticks to its word",
    "keyword bash -build",
    [{ verb: "keyword", package: "bash", change: { sign: "-", words: ["build"] } }],
  ],
  [
    "tags are keywords",
    "tags bash = build",
    [{ verb: "keyword", package: "bash", change: { sign: "=", words: ["build"] } }],
  ],
  ["a sign without words", "keyword bash =", [{ verb: "unknown" }]],
  ["anything else", "please subscribe me", [{ verb: "unknown" }]],
];
for (const [what, text, commands] of CASES) {
  test(`text: ${what}`, (t) => {
    t.deepEqual(commandsOf("Hello", text), commands);
  });
}

test("the subject may be a command, and need not be", (t) => {
  t.deepEqual(commandsOf("subscribe bash"), [{ verb: "subscribe", package: "bash" }]);
  t.deepEqual(commandsOf("Re: unsubscribe bash"), [{ verb: "unsubscribe", package: "bash" }]);
  t.deepEqual(commandsOf("What is new?"), []);
});

test("the link of a mail, sent by mail", (t) => {
  const token = "Abc-_".repeat(9).slice(0, 43);
  t.deepEqual(commandsOf(`unsubscribe ${token}`), [{ verb: "end", token }]);
});

test("a reply confirms, however it is quoted, and does nothing else", (t) => {
  const token = "abcdefghijklmnopqrstuvwxyz234567abcdefghij";
  const confirmed = [{ verb: "confirm", token }];
  t.deepEqual(commandsOf(`Re: confirm ${token}`, "yes\n> subscribe bash"), confirmed);
  t.deepEqual(
    commandsOf("AW: ok", `unsubscribeall\n> > → confirm ${token.toUpperCase()}`),
    confirmed,
  );
  t.deepEqual(commandsOf("confirm abc"), []);
});

test("nobody is answered line by line to a letter", (t) => {
  const letter =
    "Dear all,\nI write to you\nof the weather\nand the sea\nand the moon\nand more\nwhich\n";
  t.is(commandsOf("", letter).length, 5);
  t.is(commandsOf("", "which\n".repeat(1_000)).length, 30);
});

import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { createProgressDisplay } from "../../../core/cli/progress.ts";
import type { ProgressMode, Terminal } from "../../../core/cli/terminal.ts";

/** A terminal, or a pipe, whose error stream is kept. */
function terminal(progress: ProgressMode, isTTY: boolean): { terminal: Terminal; said: string[] } {
  const said: string[] = [];
  const err = new Writable({
    write(chunk, _encoding, done) {
      said.push(String(chunk));
      done();
    },
  });
  const out = new Writable({
    write() {
      throw new Error("progress on standard output");
    },
  });
  const screen = Object.assign(err, { isTTY, columns: 120, rows: 40 });
  return { terminal: { out, err: screen, json: true, progress }, said };
}

test("asked for JSON, progress is objects on standard error, on a pipe too", (t) => {
  const { terminal: pipe, said } = terminal("json", false);
  const display = createProgressDisplay(pipe);
  for (let done = 0; done <= 1_000; done++) display.update({ step: "reading", done, total: 1_000 });
  display.stop();
  const objects = said.map((line) => JSON.parse(line) as Record<string, unknown>);
  // The first at once, the last at the end, and nothing between within a second.
  t.deepEqual(
    objects.map(({ step, done, total }) => [step, done, total]),
    [
      ["reading", 0, 1_000],
      ["reading", 1_000, 1_000],
    ],
  );
  t.true(said.every((line) => line.endsWith("\n") && Date.parse(JSON.parse(line).time) > 0));
});

test("bars are for terminals, one for the whole and one for each part at once", async (t) => {
  const pipe = terminal("bar", false);
  const silent = createProgressDisplay(pipe.terminal);
  silent.update({ step: "reading", done: 1 });
  silent.stop();
  t.deepEqual(pipe.said, []);

  const screen = terminal("bar", true);
  const display = createProgressDisplay(screen.terminal);
  const common = { step: "trixie: reading", total: 100, unit: "bytes" as const };
  display.update({
    ...common,
    done: 40,
    rate: 10,
    secondsLeft: 6,
    parts: [
      { name: "Sources", done: 25, total: 50 },
      { name: "Packages", done: 15 },
    ],
  });
  // Bars are drawn ten times a second.
  await sleep(300);
  display.update({ ...common, done: 60, parts: [{ name: "Packages", done: 35 }] });
  await sleep(300);
  display.stop();
  const text = screen.said.join("");
  t.regex(text, /trixie: reading \[[^\]]*\] 40 % 40 B 10 B\/s, 6s left/);
  t.regex(text, /Sources \[[^\]]*\] 50 %/);
  t.regex(text, /Packages \[[^\]]*\] 0 % 15 B/);
  t.regex(text, /trixie: reading Packages \[[^\]]*\] 60 %/);
});

test("nothing is shown where nothing is wanted", (t) => {
  const { terminal: screen, said } = terminal("none", true);
  const display = createProgressDisplay(screen);
  display.update({ step: "reading", done: 1, total: 2 });
  display.stop();
  t.deepEqual(said, []);
});

import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import { createAlarm } from "../core/alarm.ts";
import { asError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { visible } from "../core/message.ts";
import type { Service } from "../core/service.ts";
import { LOCAL_ROOM, OUR_NAME, readRoom, ROOM_CHANNEL, say } from "../hub/channels/room/room.ts";
import type { RoomMessage } from "../hub/model/conversation.ts";
import { createListener } from "../core/database/listen.ts";

const POLL_MS = 1_000;
const PROMPT = "lk> ";

export interface TerminalOptions {
  input: ReadStream;
  output: WriteStream;
  /** Of the person at the keyboard: `anna` speaks as `local:anna`. */
  user: string;
  log: Log;
  /** Ctrl-C and Ctrl-D: readline takes them from the process. */
  onEnd: () => void;
}

/**
 * The local room in the terminal of `lk up`: what is typed is said there, and what is said there is
 * printed above the prompt. A message that is edited is rewritten in place while it is the last one
 * printed, else printed again. Where the input is no terminal it does nothing.
 */
export function createTerminal(options: TerminalOptions): Service {
  const { input, output, user, log } = options;
  const speaker = `local:${user}`;
  const stop = new AbortController();
  const alarm = createAlarm();
  const listener = createListener({ [ROOM_CHANNEL]: alarm.ring }, log);
  const screen = createScreen(output);
  /** Lines typed here, which stand on the screen already. */
  const typed = new Set<string>();
  let speaking: Promise<void> = Promise.resolve();
  let readline: Interface | undefined;
  let revision = "0";
  let loop: Promise<void> = Promise.resolve();

  function speak(text: string): void {
    screen.typed();
    readline?.prompt();
    if (text.trim() === "") return;
    speaking = speaking
      .then(() => say(LOCAL_ROOM, speaker, text))
      .then((id) => void typed.add(id))
      .catch((thrown: unknown) => {
        log.error({ err: asError(thrown) }, "cannot say that in the room");
      });
  }

  async function show(): Promise<void> {
    await speaking;
    for (const line of await readRoom(LOCAL_ROOM, revision)) {
      revision = line.revision;
      if (typed.delete(line.id) || readline === undefined) continue;
      screen.print(line.id, textOf(line), readline);
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await show();
      } catch (thrown) {
        log.error({ err: asError(thrown) }, "cannot read the room");
      }
      await alarm.wait(POLL_MS);
    }
  }

  return {
    name: "terminal",
    async start() {
      if (!input.isTTY) return;
      // Only what is said from now on: the page has the past.
      revision = (await readRoom(LOCAL_ROOM)).reduce(latest, "0");
      await listener.start();
      readline = createInterface({ input, output, prompt: PROMPT, historySize: 200 });
      readline.on("line", speak);
      readline.on("SIGINT", options.onEnd);
      readline.on("close", () => {
        if (!stop.signal.aborted) options.onEnd();
      });
      // After the line that says "ready", which is written once all parts have started.
      setImmediate(() => readline?.prompt(true));
      loop = run();
    },
    async stop() {
      stop.abort();
      alarm.ring();
      await loop;
      readline?.close();
      await listener.stop();
    },
  };
}

function latest(revision: string, line: RoomMessage): string {
  return BigInt(line.revision) > BigInt(revision) ? line.revision : revision;
}

function textOf(line: RoomMessage): string {
  if (line.sender === OUR_NAME) return line.body;
  return `${visible(line.sender.replace(/^local:/, ""))}: ${visible(line.body)}`;
}

interface Screen {
  print(id: string, text: string, readline: Interface): void;
  /** A line was typed: it now stands below what was printed last. */
  typed(): void;
}

/** Prints above the prompt, whatever has been typed so far. */
function createScreen(output: WriteStream): Screen {
  let last: { id: string; rows: number } | undefined;
  return {
    print(id, text, readline) {
      // Back to where the prompt began, over what was typed, and over the message to replace.
      const fits = last !== undefined && last.rows < output.rows;
      const replaced = last?.id === id && fits ? last.rows : 0;
      cursorTo(output, 0);
      moveCursor(output, 0, -readline.getCursorPos().rows - replaced);
      clearScreenDown(output);
      output.write(`${text}\n`);
      last = { id, rows: rowsOf(text, output.columns) };
      readline.prompt(true);
    },
    typed: () => (last = undefined),
  };
}

/** Rows that a text takes on a screen of so many columns. */
export function rowsOf(text: string, columns: number): number {
  return text
    .split("\n")
    .map((line) => Math.max(1, Math.ceil(widthOf(line) / Math.max(columns, 1))))
    .reduce((sum, rows) => sum + rows, 0);
}

/** Columns of a line: emoji and East Asian wide characters take two (UAX #11, near enough). */
function widthOf(line: string): number {
  let width = 0;
  for (const character of line) {
    if (/\p{M}|\u200d|\ufe0f/u.test(character)) continue;
    width += /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|[\u3040-\u30ff]/u.test(
      character,
    )
      ? 2
      : 1;
  }
  return width;
}

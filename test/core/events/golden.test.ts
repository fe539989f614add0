import { existsSync, readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { eventFaults, understand } from "../../../core/events/catalogue.ts";
import type { Reader } from "../../../core/events/declare.ts";
import { LANGUAGES } from "../../../core/language/language.ts";
import {
  type Inline,
  LINE_CHARACTERS,
  type Message,
  MESSAGE_LINES,
  renderText,
} from "../../../core/message.ts";
import { coreModules } from "../../../core/modules/index.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { pages } from "../../../hub/web/pages/index.ts";
import { eventSamples } from "../../support/event-samples.ts";
import { GOLDEN_FOLDER, goldenFiles } from "../../support/golden.ts";

const registry = createRegistry(coreModules);
const samples = eventSamples();
const event = { uuid: "7c1e2f3a-c78b-11f1-8b6e-0242ac120002", time: new Date(0) };

/** Every message of every sample, in every language. */
function messages(): { title: string; message: Message }[] {
  return samples.flatMap(({ tag, name, data }) =>
    LANGUAGES.flatMap((language) => {
      const reader: Reader = { web: "", language, event };
      const message = understand(registry.events, tag, data).render(reader);
      return message === null ? [] : [{ title: `${tag}, ${name}, ${language}`, message }];
    }),
  );
}

test("what people read of each event is what was agreed; npm run golden writes it anew", (t) => {
  const written = goldenFiles();
  for (const [name, text] of written) {
    const path = `${GOLDEN_FOLDER}/${name}`;
    t.is(existsSync(path) ? readFileSync(path, "utf8") : "", text, name);
  }
  const files = readdirSync(GOLDEN_FOLDER).filter((name) => name.endsWith(".txt"));
  t.deepEqual(files.toSorted(), [...written.keys()].toSorted());
});

test("each kind of event that modules declare has a sample, and each sample is as declared", (t) => {
  const tags = new Set(samples.map(({ tag }) => tag));
  t.deepEqual([...tags].toSorted(), [...registry.events.keys()].toSorted());
  for (const { tag, name, data } of samples) {
    t.deepEqual(eventFaults(registry.events, tag, data), [], `${tag}, ${name}`);
  }
});

test("a message has at most twelve lines, and none is endless", (t) => {
  for (const { title, message } of messages()) {
    const lines = renderText(message).split("\n");
    t.true(lines.length <= MESSAGE_LINES, title);
    for (const line of lines) {
      const shown = line.replaceAll(/ <[^<>]*>/g, "");
      t.true(shown.length <= LINE_CHARACTERS, `${title}: ${shown}`);
    }
  }
});

test("how it stands is said in words in every language, so that no colour stands alone", (t) => {
  for (const { title, message } of messages()) {
    t.true(
      message.headline.some((inline) => typeof inline === "object" && "verdict" in inline),
      title,
    );
    t.not(message.answers?.state, undefined, title);
  }
});

test("a message says since when, and which event it is about", (t) => {
  for (const { title, message } of messages()) {
    const { since, when, event: named } = message.answers ?? {};
    t.true((since === undefined) !== (when === undefined), title);
    t.not(named, undefined, title);
  }
});

test("the command at the end is one that there is", (t) => {
  const commands = codes().filter(({ text }) => !text.includes(event.uuid));
  t.true(commands.length > 50);
  for (const { title, text } of commands) {
    const words = text.split(" ");
    const found = [words.slice(0, 2), words.slice(0, 1)].some((verb) =>
      registry.operations.has(verb.join(" ")),
    );
    t.true(found, `${title}: ${text}`);
  }
});

test("the links lead to pages that there are", (t) => {
  const patterns = pages.map(({ path }) => new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`));
  for (const { title, message } of messages()) {
    for (const inline of lastLine(message)) {
      if (typeof inline !== "object" || !("link" in inline)) continue;
      t.true(
        patterns.some((pattern) => pattern.test(inline.to)),
        `${title}: ${inline.to}`,
      );
    }
  }
});

function lastLine({ next = [], answers }: Message): Inline[] {
  return [...next, ...(answers?.event ?? [])];
}

function codes(): { title: string; text: string }[] {
  return messages().flatMap(({ title, message }) =>
    lastLine(message).flatMap((inline) =>
      typeof inline === "object" && "code" in inline ? [{ title, text: inline.code }] : [],
    ),
  );
}

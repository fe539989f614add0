import { createSeals } from "../../hub/mail/seals.ts";
import { type Catalogue, understand } from "../../core/events/catalogue.ts";
import type { Reader } from "../../core/events/declare.ts";
import { LANGUAGES } from "../../core/language/language.ts";
import { type Message, renderHtml, renderText } from "../../core/message.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { composeMail } from "../../hub/channels/email/compose.ts";
import { type EventSample, eventSamples } from "./event-samples.ts";

export const GOLDEN_FOLDER = "test/fixtures/golden";

const READER: Reader = {
  web: "https://lk.example.org",
  event: {
    uuid: "7c1e2f3a-c78b-11f1-8b6e-0242ac120002",
    time: new Date("2026-11-22T10:12:13.456Z"),
  },
};
const LETTERHEAD = {
  control: "",
  seals: createSeals(["golden".repeat(8)]),
  from: { name: "Laniakea", address: "laniakea@example.org" },
  web: "https://lk.example.org",
};

/** What people read of every sample: the text of a file for each tag, by its name. */
export function goldenFiles(): Map<string, string> {
  const { events } = createRegistry(coreModules);
  const files = new Map<string, string>();
  for (const sample of eventSamples()) {
    const name = `${sample.tag.replace("_lk.", "")}.txt`;
    const before = files.get(name) ?? `${sample.tag}\n`;
    files.set(name, `${before}\n${sampleText(sample, events)}`);
  }
  return files;
}

function sampleText({ tag, name, data }: EventSample, events: Catalogue): string {
  const event = understand(events, tag, data);
  const head = [`== ${name}`, JSON.stringify(data), `subject ${JSON.stringify(event.subject)}`, ""];
  const bodies = LANGUAGES.flatMap((language) => {
    const message = event.render({ ...READER, language });
    return message === null ? [`-- ${language}: nothing to say`, ""] : texts(message, language);
  });
  return [...head, ...bodies].join("\n");
}

function texts(message: Message, language: string): string[] {
  const text = [`-- ${language}`, renderText(message), `Subject: ${mailSubject(message)}`, ""];
  if (language !== "en") return text;
  const markup = renderHtml(message).text.replace(/\s+/g, " ");
  return [...text, "-- html", markup.replaceAll(/(<\/(?:p|li|ul|blockquote)>) ?/g, "$1\n")];
}

function mailSubject(message: Message): string {
  return composeMail(
    {
      id: "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
      destination: "email:person@example.org",
      address: "person@example.org",
      message,
      subject: {},
      reason: "golden",
      final: true,
      attempt: 1,
      createdAt: new Date(0),
    },
    LETTERHEAD,
  ).subject;
}

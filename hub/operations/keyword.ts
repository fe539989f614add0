import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import {
  changedKeywords,
  Keyword,
  type KeywordChange,
  KEYWORDS,
  USUAL_KEYWORDS,
} from "../routing/keyword.ts";
import { listSubscriptions, setSubscriptionKeywords } from "../routing/subscription/store.ts";
import { setKeywords, subscriberOf } from "../routing/subscription/subscriber.ts";
import { destinationFor, to } from "./whose.ts";

/** The tracker's command: what kinds of news are heard, in all and of one package. */
export const keyword = declareOperation({
  name: "keyword",
  summary: "choose the kinds of news that this room hears",
  description:
    "The words of Debian's package tracker: + adds kinds, - takes them away, = sets them. With a " +
    "package it is about that alone. Without arguments: what is heard now.",
  examples: ["keyword", "keyword + upload-binary depcheck", "keyword bash = build migration"],
  parameters: z.object({
    words: z
      .array(z.string().max(200))
      .max(40)
      .default([])
      .meta({ description: "a package if you like, then + - or = and kinds", positional: true }),
    to,
  }),
  role: "reader",
  kind: "act",
  async run({ caller }, { words, to: named }) {
    const destination = destinationFor(caller, named);
    const { name, change } = read(words);
    if (name === undefined) {
      const heard =
        change === undefined
          ? ((await subscriberOf(destination)).keywords ?? usual(destination))
          : await setKeywords(destination, change);
      return { messages: [shown(destination, heard)], data: { destination, keywords: heard } };
    }
    const heard = await ofPackage(destination, name, change);
    return {
      messages: [shown(name, heard)],
      data: { destination, package: name, keywords: heard },
    };
  },
});

async function ofPackage(
  destination: string,
  name: string,
  change: KeywordChange | undefined,
): Promise<Keyword[]> {
  const followed = (await listSubscriptions({ destination, value: name })).filter(({ kind }) =>
    ["package", "source", "team", "maintainer"].includes(kind),
  );
  const [first] = followed;
  if (first === undefined) {
    throw new OperatorError(
      "NOT_FOLLOWED",
      `${destination} does not follow ${name}.`,
      `Follow it first: follow ${name}`,
    );
  }
  const defaults = (await subscriberOf(destination)).keywords ?? usual(destination);
  const before = first.keywords ?? defaults;
  if (change === undefined) return before;
  const after = changedKeywords(before, change);
  for (const { id } of followed) await setSubscriptionKeywords(id, after);
  return after;
}

/** Of a destination that chose nothing. */
function usual(destination: string): Keyword[] {
  return destination.startsWith("email:") ? [...USUAL_KEYWORDS] : [...Keyword.options];
}

function read(words: string[]): { name?: string; change?: KeywordChange } {
  const parts = words.flatMap((word) => /^([+=-])(.+)$/.exec(word)?.slice(1) ?? [word]);
  const at = parts.findIndex((part) => /^[+=-]$/.test(part));
  if (at < 0 && parts.length === 0) return {};
  const [name] = parts.slice(0, at < 0 ? 1 : at);
  if (at > 1 || (at < 0 && parts.length > 1)) throw notUnderstood(words.join(" "));
  const about = name === undefined ? {} : { name };
  if (at < 0) return about;
  const keywords = Keyword.array().safeParse(parts.slice(at + 1));
  if (!keywords.success) throw notUnderstood(parts.slice(at + 1).join(" "));
  const sign = parts[at] as KeywordChange["sign"];
  return { ...about, change: { sign, keywords: keywords.data } };
}

function notUnderstood(text: string): OperatorError {
  return new OperatorError(
    "BAD_ARGUMENTS",
    `${text} cannot be understood.`,
    `Kinds of news: ${Keyword.options.join(" ")}`,
    { exitStatus: 2 },
  );
}

function shown(what: string, heard: readonly Keyword[]): Message {
  const rows = Keyword.options.map((name) => [
    heard.includes(name) ? "yes" : "no",
    name,
    KEYWORDS[name].about,
  ]);
  return {
    tone: "neutral",
    headline: [{ code: what }, `: ${heard.length} kinds of news`],
    table: { columns: ["heard", "kind", "what"], rows },
  };
}

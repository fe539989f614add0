import { packageNameFault } from "../../core/debian/package-name.ts";

/** What a person asks for by mail, in the words of Debian's package tracker. */
export type Command =
  | { verb: "subscribe" | "unsubscribe"; package: string }
  /** `package` missing: what all subscriptions hear that say nothing else. */
  | { verb: "keyword"; package?: string; change?: KeywordWords }
  | { verb: "unsubscribeall" | "which" | "help" }
  /** Of the link in a mail. */
  | { verb: "end"; token: string }
  | { verb: "confirm"; token: string }
  | { verb: "unknown" };

/** A command and the line it was written in. */
export interface Request {
  line: string;
  command: Command;
}

export interface KeywordWords {
  sign: "+" | "-" | "=";
  words: string[];
}

const MOST_COMMANDS = 30;
const MOST_UNKNOWN = 5;
const LONGEST_LINE = 300;
const CONFIRM = /\bconfirm[ \t]+([a-z2-7]{42})\b/i;

/**
 * Reads the commands of a mail: those in the subject, then those of the text, a line each. A line
 * `quit`, `thanks` or the mark of a signature ends them. Quoted lines count for nothing but a
 * confirmation, which is what a reply quotes.
 */
export function readCommands(subject: string, text: string): Request[] {
  const answered = CONFIRM.exec(`${subject}\n${text}`);
  if (answered?.[1] !== undefined) {
    const token = answered[1].toLowerCase();
    return [{ line: answered[0], command: { verb: "confirm", token } }];
  }
  const title = readLine(subject.replace(/^(\s*(re|fwd?|aw|sv)\s*:)+/i, ""));
  // A subject is mostly no command, and needs no answer then.
  const requests = title === undefined || title.command.verb === "unknown" ? [] : [title];
  let unknown = 0;
  for (const line of text.split(/\r?\n/)) {
    if (/^(--\s*$|(quit|stop|thanks?|thank you)\b|-----|_____)/i.test(line.trim())) break;
    const request = readLine(line);
    if (request === undefined) continue;
    if (request.command.verb === "unknown" && ++unknown > MOST_UNKNOWN) break;
    requests.push(request);
    if (requests.length >= MOST_COMMANDS) break;
  }
  return requests;
}

/** Undefined for an empty line, a comment or a quotation. */
function readLine(raw: string): Request | undefined {
  const line = raw.replaceAll("\u00a0", " ").trim().slice(0, LONGEST_LINE);
  if (line === "" || /^[#>|]/.test(line)) return undefined;
  const [verb = "", ...words] = line.split(/\s+/);
  return { line, command: understand(verb.toLowerCase(), words) };
}

function understand(verb: string, words: string[]): Command {
  const [first = ""] = words;
  switch (verb) {
    case "subscribe":
    case "unsubscribe": {
      if (verb === "unsubscribe" && /^[\w-]{43}$/.test(first)) return { verb: "end", token: first };
      const name = first.toLowerCase().replace(/^src:/, "");
      return packageNameFault(name) === undefined ? { verb, package: name } : { verb: "unknown" };
    }
    case "unsubscribeall":
    case "which":
    case "help":
      return { verb };
    case "keyword":
    case "keywords":
    case "tag":
    case "tags":
      return keyword(words);
    default:
      return { verb: "unknown" };
  }
}

/** `keyword [PACKAGE] [+|-|= WORD…]`; the sign may stick to the first word. */
function keyword(words: string[]): Command {
  const rest = words.flatMap((word) => {
    const [, sign, stuck] = /^([+=-])(.+)$/.exec(word) ?? [];
    return sign === undefined || stuck === undefined ? [word] : [sign, stuck];
  });
  const name = /^[+=-]$/.test(rest[0] ?? "+") ? undefined : rest.shift()?.toLowerCase();
  if (name !== undefined && packageNameFault(name) !== undefined) return { verb: "unknown" };
  const of = name === undefined ? {} : { package: name };
  const [sign, ...given] = rest;
  if (sign === undefined) return { verb: "keyword", ...of };
  if ((sign !== "+" && sign !== "-" && sign !== "=") || given.length === 0) {
    return { verb: "unknown" };
  }
  const keywords = given.flatMap((word) => word.toLowerCase().split(",")).filter(Boolean);
  return { verb: "keyword", ...of, change: { sign, words: keywords } };
}

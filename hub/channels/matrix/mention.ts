import type { IncomingMatrixMessage } from "./contract.ts";

/** A link, where nothing but the start of a paragraph is before it: its address and its text. */
const FIRST_LINK =
  /^(?:\s|<(?:p|div|span)>)*<a\s(?:[^>]*\s)?href=(?:"([^"]*)"|'([^']*)')[^>]*>([^<]*)<\/a>/i;

/** A space or the end, so that neither "Laniakea's" nor a longer name counts. */
const AFTER_MENTION = /^[:,]?(?:\s|$)/;
/** A name that was only typed begins many a sentence, so it needs its colon or comma. */
const AFTER_NAME = /^[:,](?:\s|$)/;

/**
 * What a message says after the mention of us that it begins with; undefined when it begins with
 * none. Being mentioned further on is no address.
 *
 * A mention counts if `m.mentions` names us (client-server API, "User and room mentions"), or if
 * nobody else can have been meant.
 */
export function afterMention(message: IncomingMatrixMessage, self: string): string | undefined {
  if (!message.mentionsUs && !message.alone) return undefined;
  const body = message.body.trim();
  for (const [name, separator] of spellings(message, self)) {
    const start = body.slice(0, name.length);
    if (name === "" || start.toLowerCase() !== name.toLowerCase()) continue;
    const rest = body.slice(name.length);
    if (separator.test(rest)) return rest.replace(/^[:,]/, "").trim();
  }
  return undefined;
}

/** How the beginning of the plain body may name us, and what has to follow then. */
function* spellings(
  message: IncomingMatrixMessage,
  self: string,
): Generator<[name: string, separator: RegExp]> {
  const pill = leadingPill(message.formatted ?? "", self);
  if (pill !== undefined) {
    // Element X leaves the link as Markdown in the plain body; others only its text.
    yield [`[${pill.text}](${pill.address})`, AFTER_MENTION];
    yield [pill.text, AFTER_MENTION];
  }
  yield [self, AFTER_MENTION];
  if (message.ownName === undefined) return;
  // Who answers us mentions us without a word, so there the name has to be an address by itself.
  const isAnswer = message.replyTo !== undefined || message.threadRoot !== undefined;
  const meant = pill !== undefined || (message.mentionsUs && !isAnswer);
  for (const name of [message.ownName, `@${message.ownName}`]) {
    yield [name, meant ? AFTER_MENTION : AFTER_NAME];
  }
}

/** The pill of ours that the HTML begins with: a link to us, as clients make it of a mention. */
function leadingPill(html: string, self: string): { address: string; text: string } | undefined {
  const [link, double, single, text] = FIRST_LINK.exec(html) ?? [];
  if (link === undefined || text === undefined) return undefined;
  const address = unescapeHtml(double ?? single ?? "");
  return userOf(address) === self ? { address, text: unescapeHtml(text).trim() } : undefined;
}

/** Whom a link leads to: `https://matrix.to/#/@user:server` or `matrix:u/user:server` (MSC2312). */
function userOf(address: string): string | undefined {
  const path = /^(?:https:\/\/matrix\.to\/#\/|matrix:(u\/))([^/?]+)/i.exec(address);
  if (path === null) return undefined;
  try {
    return (path[1] === undefined ? "" : "@") + decodeURIComponent(path[2] ?? "");
  } catch {
    return undefined;
  }
}

const CHARACTERS: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
};

/** Only what clients write in names and addresses; the rest stays as it is. */
function unescapeHtml(text: string): string {
  return text.replace(
    /&(?:#(\d{1,6})|#x([\da-f]{1,5})|([a-z]+));/gi,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return CHARACTERS[String(name).toLowerCase()] ?? whole;
      return String.fromCodePoint(decimal === undefined ? parseInt(hex, 16) : Number(decimal));
    },
  );
}

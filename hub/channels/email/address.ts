/** A name and an address. */
export interface Mailbox {
  name: string;
  address: string;
}

const LOCAL_PART = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*";
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
/** RFC 5321 section 4.1.2, without quoted local parts and address literals. */
const ADDRESS = new RegExp(`^(${LOCAL_PART})@(${LABEL}(?:\\.${LABEL})*)$`);

/** The address with its domain in lower case, or undefined when it is not one. */
export function canonicalAddress(text: string): string | undefined {
  if (text.length > 254) return undefined;
  const [, local, domain] = ADDRESS.exec(text.trim()) ?? [];
  if (local === undefined || domain === undefined || local.length > 64) return undefined;
  return `${local}@${domain.toLowerCase()}`;
}

/** Reads `Name <address>` or a bare address; undefined when it is neither. */
export function parseMailbox(text: string): Mailbox | undefined {
  const [, name = "", bracketed] = /^\s*(.*?)\s*<([^<>]*)>\s*$/s.exec(text) ?? [];
  const address = canonicalAddress(bracketed ?? text);
  if (address === undefined || /[\p{Cc}"<>]/u.test(name.replaceAll('"', ""))) return undefined;
  return { name: name.replace(/^"(.*)"$/, "$1"), address };
}

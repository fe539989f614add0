import { asError, explainError } from "../../core/errors.ts";
import { openDatabase } from "../../core/database/open.ts";
import type { Settings } from "../../core/config.ts";
import { KEPT_BYTES, receiveMail } from "./incoming.ts";

/** Of sysexits.h: the mail server keeps the mail and tries again later. */
const EX_TEMPFAIL = 75;

export interface PipedMail {
  input: NodeJS.ReadableStream;
  errors: NodeJS.WritableStream;
  settings(): Settings;
  /** Of the envelope, as the mail server says; undefined when it does not. */
  recipient: string | undefined;
  sender: string | undefined;
}

/**
 * Takes a mail that a mail server pipes in (an alias, a .forward, a transport), and answers with
 * the status for the server: 0 once the mail is committed to the database, and for every fault,
 * ours or the configuration's, "later". It never refuses: an undeliverable report must not become
 * another report.
 */
export async function takePipedMail(piped: PipedMail): Promise<number> {
  try {
    const source = await readStart(piped.input);
    const { database: _database, close } = await openDatabase(piped.settings());
    try {
      const { recipient = headerOf(source, /^(delivered-to|x-original-to|envelope-to)$/i) } = piped;
      const { sender = headerOf(source, /^return-path$/i) ?? "unknown" } = piped;
      await receiveMail({ recipient: bare(recipient ?? ""), sender: bare(sender), source });
    } finally {
      await close();
    }
    return 0;
  } catch (thrown) {
    piped.errors.write(`lk mail receive: ${explainError(asError(thrown))}\n`);
    return EX_TEMPFAIL;
  }
}

/** The first part of the mail, as much as is kept; the rest is read and forgotten. */
async function readStart(input: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    if (size < KEPT_BYTES) chunks.push(bytes);
    size += bytes.length;
  }
  return Buffer.concat(chunks).subarray(0, KEPT_BYTES);
}

/** The first header of such a name, unfolded; what a mail server added stands before all others. */
function headerOf(source: Buffer, name: RegExp): string | undefined {
  const [head = ""] = source
    .subarray(0, 64 << 10)
    .toString("latin1")
    .split(/\r?\n\r?\n/);
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const [, found, value = ""] = /^([^\s:]+)[ \t]*:(.*)$/.exec(line) ?? [];
    if (found !== undefined && name.test(found)) return value.trim();
  }
  return undefined;
}

function bare(address: string): string {
  return address.trim().replace(/^<(.*)>$/s, "$1");
}

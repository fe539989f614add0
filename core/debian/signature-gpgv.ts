import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { OperatorError } from "../errors.ts";
import type { SignatureReport, SignedFile, VerifierResult } from "./signature.ts";

/**
 * Asks gpgv about a file's signatures.
 *
 * @returns undefined when the program is not installed
 * @throws OperatorError `KEYRING_UNREADABLE` when gpgv cannot use the keyring
 */
export async function verifyWithGpgv(
  file: SignedFile,
  keyring: string,
  options: { program?: string; signal?: AbortSignal | undefined } = {},
): Promise<VerifierResult | undefined> {
  const clear = file.detached === undefined;
  const parameters = [
    "--status-fd",
    "3",
    "--enable-special-filenames",
    // A name without a slash would be sought in the home directory of GnuPG.
    "--keyring",
    resolve(keyring),
    ...(clear ? ["--output", "-", "--", "-"] : ["--", "-&4", "-"]),
  ];
  const child = spawn(options.program ?? "gpgv", parameters, {
    stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
    signal: options.signal,
  });
  const [input, output, problems, status, signature] = child.stdio;
  feed(input, file.content);
  feed(signature as Writable, file.detached ?? Buffer.alloc(0));
  const [text, complaint, lines, ended] = await Promise.all([
    collect(output),
    collect(problems),
    collect(status as Readable),
    new Promise<"missing" | Error | undefined>((settle) => {
      child.once("error", (error: NodeJS.ErrnoException) =>
        settle(error.code === "ENOENT" ? "missing" : error),
      );
      child.once("close", () => settle(undefined));
    }),
  ]);
  if (ended === "missing") return undefined;
  if (ended !== undefined) throw ended;
  const signatures = readStatus(lines.toString("utf8"));
  if (signatures.length === 0) refuseUnreadableKeyring(keyring, complaint.toString("utf8"));
  return { text: clear ? text : file.content, signatures };
}

/** MD5, SHA-1 and RIPEMD-160 by their numbers in RFC 4880, section 9.4. */
const WEAK_DIGESTS = new Set(["1", "2", "3"]);

/** Status lines as in GnuPG's doc/DETAILS: a NEWSIG begins each signature. */
export function readStatus(text: string): SignatureReport[] {
  const reports: SignatureReport[] = [];
  let current: SignatureReport | undefined;
  for (const line of text.split("\n")) {
    const [prefix, keyword = "", first = "", ...rest] = line.split(" ");
    if (prefix !== "[GNUPG:]") continue;
    if (keyword === "NEWSIG") {
      current = { verdict: "unusable", fingerprint: "an unnamed key" };
      reports.push(current);
    }
    if (current === undefined) continue;
    const verdict = VERDICTS[keyword];
    if (verdict !== undefined) {
      current.verdict = verdict;
      current.fingerprint = first;
    } else if (keyword === "NO_PUBKEY") {
      current.verdict = "unknown-key";
      current.fingerprint = first;
    } else if (keyword === "VALIDSIG") {
      current.fingerprint = first;
      current.signedAt = new Date(Number(rest[1]) * 1000);
      // Of expired and revoked keys gpgv says VALIDSIG as well, after EXPKEYSIG or REVKEYSIG.
      if (current.verdict === "good" && WEAK_DIGESTS.has(rest[6] ?? "")) current.verdict = "weak";
    }
  }
  return reports;
}

const VERDICTS: Record<string, SignatureReport["verdict"]> = {
  GOODSIG: "good",
  BADSIG: "bad",
  ERRSIG: "unusable",
  EXPSIG: "expired",
  EXPKEYSIG: "expired",
  REVKEYSIG: "revoked",
};

function refuseUnreadableKeyring(keyring: string, complaint: string): void {
  if (!/keyblock resource|keyring/i.test(complaint)) return;
  throw new OperatorError(
    "KEYRING_UNREADABLE",
    `gpgv cannot use the keyring ${keyring}: ${complaint.trim().split("\n")[0] ?? ""}.`,
    "It must hold exported public keys: gpg --export KEY > FILE",
  );
}

function feed(stream: Writable, bytes: Buffer): void {
  // gpgv may end before it has read all, which is no failure of ours.
  stream.on("error", () => undefined);
  stream.end(bytes);
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch {
    // The streams of a program that could not be started; `error` of the child says why.
  }
  return Buffer.concat(chunks);
}

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { Keyring } from "../../events/keyring.ts";
import { openKeyring } from "../../events/setup.ts";
import { verifyFrame } from "../../events/verify.ts";
import { asError, OperatorError } from "../../errors.ts";
import { visible } from "../../message.ts";
import { declareOperation } from "../../operation/declare.ts";

/** What was found in one file. */
interface Verified {
  file: string;
  accepted: boolean;
  signer?: string;
  tag?: string;
  uuid?: string;
  code?: string;
  reason?: string;
}

export const eventVerify = declareOperation({
  name: "event verify",
  summary: "check the signatures of events in files",
  description:
    "Each file holds one event as it goes over the wire. Keys are Laniakea key files: those in the directory given, and in its folder trusted. Ends with status 0 only if all are accepted.",
  examples: ["event verify --keys /etc/laniakea/keys/curve event.json"],
  parameters: z.object({
    files: z
      .array(z.string())
      .min(1)
      .meta({ description: "one wire message each", positional: true, complete: "file" }),
    keys: z
      .string()
      .optional()
      .meta({ description: "directory with trusted key files (default: ours)", complete: "file" }),
  }),
  role: "admin",
  kind: "answer",
  standalone: true,
  async run(context, { files, keys }) {
    if (context.caller.origin !== "cli") {
      throw new OperatorError(
        "COMMAND_LINE_ONLY",
        "Files are verified at the command line of the machine that has them.",
      );
    }
    const keyring = keys === undefined ? openKeyring(context) : keyringIn(keys);
    const results: Verified[] = [];
    for (const file of files) results.push(await verifyFile(file, keyring));
    return {
      messages: results.map((result) => ({
        tone: result.accepted ? "good" : "bad",
        headline: [lineOf(result)],
      })),
      lines: results.map(lineOf),
      data: results,
      failed: results.some((result) => !result.accepted),
    };
  },
});

/** The fixed form: `FILE: accepted SIGNER` or `FILE: refused: REASON`. */
function lineOf({ file, accepted, signer, reason }: Verified): string {
  const verdict = accepted ? `accepted ${signer}` : `refused: ${reason}`;
  return visible(`${file}: ${verdict}`).replace(/\s/g, " ");
}

async function verifyFile(file: string, keyring: Keyring): Promise<Verified> {
  let frame: Buffer;
  try {
    frame = await readFile(file);
  } catch (thrown) {
    const reason = `cannot be read: ${asError(thrown).message}`;
    return { file, accepted: false, code: "unreadable", reason };
  }
  const verdict = verifyFrame(frame, keyring);
  if (!verdict.accepted) {
    const { code, reason } = verdict;
    return { file, accepted: false, code, reason };
  }
  const { tag, uuid } = verdict.event;
  return { file, accepted: true, signer: verdict.signer, tag, uuid };
}

function keyringIn(directory: string): Keyring {
  if (!existsSync(directory)) {
    throw new OperatorError(
      "KEY_UNREADABLE",
      `The directory ${directory} does not exist.`,
      "Give the directory that holds the trusted key files: --keys DIR",
    );
  }
  return new Keyring(directory, { trustedFolders: [".", "trusted"] });
}

import { existsSync } from "node:fs";
import type { KeyFile } from "../../events/key-file.ts";
import { writeKeyFile } from "../../events/keyring.ts";
import type { Rights } from "../../events/rights.ts";
import { OperatorError } from "../../errors.ts";
import type { Inline } from "../../message.ts";
import type { Answer, Caller, OperationContext } from "../../operation/declare.ts";

/** What is told of a key; never anything secret. */
export interface KeyData {
  id: string;
  file: string;
  name: string | null;
  email: string | null;
  organization: string | null;
  created: string | null;
  /** Ed25519 public key, base64 without padding. */
  verifyKey: string | null;
  /** CURVE public key, Z85. */
  curveKey: string | null;
}

export function keyData(file: string, key: KeyFile): KeyData {
  return {
    id: key.id,
    file,
    name: key.metadata["name"] ?? null,
    email: key.metadata["email"] ?? null,
    organization: key.metadata["organization"] ?? null,
    created: key.metadata["date-created"] ?? null,
    verifyKey: key.verifyKey?.toString("base64").replace(/=+$/, "") ?? null,
    curveKey: key.curve?.publicKey ?? null,
  };
}

/** What a signer may say, for people. */
export function rightsText({ allow, deny }: Rights): Inline[] {
  if (allow.length === 0) return ["nothing"];
  const but: Inline[] = deny.length === 0 ? [] : [", but not ", { code: deny.join(" ") }];
  return [{ code: allow.join(" ") }, ...but];
}

/** Paths mean this machine's files, so whoever names one has to sit at it. */
export function onlyAtCommandLine(caller: Caller): void {
  if (caller.origin === "cli") return;
  throw new OperatorError(
    "COMMAND_LINE_ONLY",
    "Keys are handled at the command line of the machine they belong to.",
    "Log in there and type it after lk.",
  );
}

/** Writes a key file. @throws OperatorError `KEY_EXISTS` when another one is there */
export function writeOnce(path: string, text: string, mode: number, replace = false): void {
  if (writeKeyFile(path, text, mode, replace)) return;
  throw new OperatorError(
    "KEY_EXISTS",
    `There is a key in ${path} already.`,
    existsSync(path)
      ? "Move it away, or replace it with --force where that is offered."
      : undefined,
  );
}

/** Makes work without waiting into what operations are: its errors become rejections. */
export function atOnce<Parameters>(
  work: (context: OperationContext, parameters: Parameters) => Answer,
): (context: OperationContext, parameters: Parameters) => Promise<Answer> {
  return (context, parameters) => Promise.resolve().then(() => work(context, parameters));
}

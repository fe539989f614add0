import { simpleParser } from "mailparser";
import { database } from "../../core/database/connect.ts";
import type { Message } from "../../core/message.ts";
import { canonicalAddress } from "../channels/email/address.ts";
import { post } from "../delivery/outbox.ts";
import { authors, whyAutomatic } from "./automatic.ts";
import { isChange, runCommand } from "./command-run.ts";
import { readCommands, type Request } from "./command-words.ts";
import type { IncomingMail } from "./incoming.ts";
import type { Seals } from "./seals.ts";
import { readSigned } from "./signed.ts";
import { commandOfToken, confirmToken } from "./tokens.ts";

export interface Answering {
  seals: Seals;
  /** Our own addresses, in lower case. */
  ours: readonly string[];
  /** File or folder of OpenPGP keys, absolute; undefined when signatures count for nothing. */
  keyring: string | undefined;
}

/** Answers to one address in an hour: whose address is misused gets no flood from us. */
const ANSWERS_PER_HOUR = 10;
const CONFIRM_DAYS = 3;

/**
 * Deals with a mail of a person that holds commands, in the caller's transaction. Those that ask
 * are answered to the author; those that change something wait until the author confirms them by
 * sending back a token, unless a key of theirs signed them.
 *
 * @returns what became of it, in a few words
 */
export async function answerCommands(mail: IncomingMail, answering: Answering): Promise<string> {
  const parsed = await simpleParser(mail.source);
  const automatic = whyAutomatic(parsed, mail.sender, answering.ours);
  if (automatic !== undefined) return `not answered: ${automatic}`;
  const address = canonicalAddress(authors(parsed)[0] ?? "");
  if (address === undefined) return "not answered: its author is no address";
  const { keyring, seals } = answering;
  const signed =
    keyring === undefined ? undefined : await readSigned(mail.source, parsed, address, keyring);
  // A signature says nothing of the subject.
  const requests =
    signed === undefined
      ? readCommands(parsed.subject ?? "", parsed.text ?? "")
      : readCommands("", signed.text);
  const talk: Talk = { mail, address, seals, answers: parsed.messageId };
  const [first] = requests;
  if (first?.command.verb === "confirm") return confirm(talk, first.command.token);
  if (await hasEnough(address)) return "not answered: too many answers to this address";
  if (requests.length === 0) return say(talk, "Commands by mail", await helpLines(talk));
  const changes = requests.filter(({ command }) => isChange(command));
  if (signed !== undefined && changes.length > 0) {
    if (!(await countSignature(address, changes, signed.digest))) {
      return "not done: this signature was here before";
    }
    return say(talk, "Done", await transcript(talk, requests));
  }
  const questions = requests.filter(({ command }) => !isChange(command));
  if (questions.length > 0) await say(talk, "Commands by mail", await transcript(talk, questions));
  return changes.length === 0 ? "answered" : askToConfirm(talk, changes);
}

/** A mail and to whom its answers go. */
interface Talk {
  mail: IncomingMail;
  address: string;
  seals: Seals;
  /** Message-ID of the mail. */
  answers: string | undefined;
}

async function transcript({ address, seals }: Talk, requests: Request[]): Promise<string[]> {
  const lines: string[] = [];
  for (const { line, command } of requests) {
    const result = await runCommand(command, address, seals);
    lines.push(`> ${line}`, ...result.split("\n"));
  }
  return lines;
}

async function helpLines({ address, seals }: Talk): Promise<string[]> {
  return (await runCommand({ verb: "help" }, address, seals)).split("\n");
}

async function askToConfirm(talk: Talk, changes: Request[]): Promise<string> {
  const [row] = await database().query<{ id: string }>(
    "insert into mail_command (address, commands) values ($1, $2) returning id",
    [talk.address, JSON.stringify(changes)],
  );
  if (row === undefined) throw new Error("a command was stored and is gone again");
  const token = confirmToken(row.id, talk.seals);
  await send(talk, `confirm ${token}`, {
    tone: "attention",
    headline: ["Please confirm what was asked for in your name"],
    quote: changes.map(({ line }) => `> ${line}`).join("\n"),
    details: [
      ["If it was you: reply to this mail as it is, within three days."],
      ["If it was not: do nothing, and nothing happens."],
    ],
    next: ["confirm ", { code: token }],
  });
  return `asked to confirm: ${changes.length} commands`;
}

async function confirm(talk: Talk, token: string): Promise<string> {
  const id = commandOfToken(token, talk.seals);
  const [row] = await database().query<{ address: string; commands: Request[]; done: boolean }>(
    `select address, commands, done_at is not null as done from mail_command
      where id = $1 and created_at > now() - $2 * interval '1 day' for update`,
    [id ?? null, CONFIRM_DAYS],
  );
  if (row === undefined) return "not done: the confirmation is not ours, or too old";
  if (row.done) return "confirmed already";
  await database().query("update mail_command set done_at = now() where id = $1", [id]);
  const owner = { ...talk, address: row.address };
  await say(owner, "Done", await transcript(owner, row.commands));
  return `confirmed: ${row.commands.length} commands`;
}

/** False when the same signed text was here before: somebody may have overheard it. */
async function countSignature(
  address: string,
  changes: Request[],
  digest: string,
): Promise<boolean> {
  const rows = await database().query(
    `insert into mail_command (address, commands, signature, done_at) values ($1, $2, $3, now())
     on conflict (signature) do nothing returning 1`,
    [address, JSON.stringify(changes), digest],
  );
  return rows.length > 0;
}

async function hasEnough(address: string): Promise<boolean> {
  const [row] = await database().query<{ count: string }>(
    `select count(*) from mail_answer
      where address = $1 and answered_at > now() - interval '1 hour'`,
    [address],
  );
  return Number(row?.count) >= ANSWERS_PER_HOUR;
}

async function say(talk: Talk, headline: string, lines: string[]): Promise<string> {
  await send(talk, undefined, { tone: "neutral", headline: [headline], quote: lines.join("\n") });
  return "answered";
}

async function send(talk: Talk, title: string | undefined, message: Message): Promise<void> {
  const { mail, address, answers } = talk;
  await database().query("insert into mail_answer (address) values ($1)", [address]);
  await post(`email:${address}`, message, {
    key: `mail-answer:${mail.id}:${title === undefined ? "done" : "confirm"}`,
    reason: "you wrote to us",
    subject: { answer: true, ...(title === undefined ? {} : { title }) },
    ...(answers === undefined ? {} : { replyTo: answers }),
  });
}

import { database } from "../core/database/connect.ts";
import { asError, OperatorError } from "../core/errors.ts";
import type { Message } from "../core/message.ts";
import type { Caller, Environment } from "../core/operation/declare.ts";
import { LOCAL_ROOM } from "../hub/channels/room/room.ts";
import { MAX_ATTEMPTS, takeIncoming } from "../hub/incoming.ts";
import type { IncomingMessage } from "../hub/model/conversation.ts";
import { post } from "../hub/delivery/outbox.ts";
import { commandIn, namesOf } from "./addressing.ts";
import { converse, type Reply } from "./conversation.ts";
import { errorMessage } from "./error-message.ts";
import { loadRole } from "./permissions.ts";
import { announce } from "./progress.ts";

/** A command that waited longer is not carried out: by now it may be the wrong thing. */
const MAX_AGE_MS = 10 * 60_000;

/**
 * Deals with the oldest message that nobody dealt with. The decision, the operation that was
 * queued, the answer and the mark on the message are one transaction: killed at any moment, the
 * message is either as good as new or done. One that keeps killing is given up, with an answer.
 *
 * @returns false when there is none
 * @throws what cannot be mended here, e.g. a lost connection; the message is tried again
 */
export function handleNext(environment: Environment): Promise<boolean> {
  return takeIncoming(
    (message) => handle(environment, message, new Date()),
    (message) => giveUp(environment, message),
  );
}

/** @returns what became of the message, for the record */
async function handle(
  environment: Environment,
  message: IncomingMessage,
  now: Date,
): Promise<string> {
  const line = lineFor(environment, message);
  if (line === undefined) return "not for us";
  const age = now.getTime() - Math.min(message.sentAt.getTime(), message.receivedAt.getTime());
  if (age > MAX_AGE_MS) {
    await answer(message, [expired(line)]);
    return "expired";
  }
  // An error of the database inside would otherwise spoil the whole transaction, answer included.
  await database().query("savepoint command");
  try {
    const reply = await converse(environment, await callerOf(environment, message), line);
    return await tell(message, reply);
  } catch (thrown) {
    await database().query("rollback to savepoint command");
    if (isPassing(thrown) && message.attempts < MAX_ATTEMPTS) throw thrown;
    if (!(thrown instanceof OperatorError)) {
      environment.log.error({ err: asError(thrown), message: message.id }, "a command failed");
    }
    await answer(message, [errorMessage(thrown, message.id)]);
    return thrown instanceof OperatorError ? thrown.code : "failed";
  }
}

/** For a message that brought down, time and again, whoever dealt with it. */
async function giveUp(environment: Environment, message: IncomingMessage): Promise<string> {
  if (lineFor(environment, message) === undefined) return "not for us";
  environment.log.error(
    { message: message.id, room: message.destination },
    "a message is given up",
  );
  await answer(message, [givenUp(message.id)]);
  return "failed";
}

/** The command; undefined when it was not said to us. The channel knows who else was meant. */
function lineFor({ settings }: Environment, message: IncomingMessage): string | undefined {
  const { body, addressed, destination } = message;
  // Called by a mention, with nothing after it.
  if (addressed && body === "") return "";
  const names = namesOf(settings.config.matrix.user);
  return commandIn(body, names, addressed || destination === LOCAL_ROOM);
}

async function callerOf(environment: Environment, message: IncomingMessage): Promise<Caller> {
  const { sender, destination } = message;
  const localRole = environment.settings.config.web.allow;
  const role = await loadRole(sender, destination, { localRole, log: environment.log });
  return { name: sender, role, origin: "chat", room: destination };
}

async function tell(message: IncomingMessage, reply: Reply): Promise<string> {
  if ("messages" in reply) {
    await answer(message, reply.messages);
    return "answered";
  }
  const thread = message.thread ?? message.messageId;
  await announce(reply.queued, { thread, replyTo: message.messageId });
  return `queued #${reply.queued.number}`;
}

/** The keys make a repeated answer the same answer. */
async function answer(message: IncomingMessage, messages: Message[]): Promise<void> {
  for (const [place, one] of messages.entries()) {
    await post(message.destination, one, {
      key: `incoming:${message.id}:${place + 1}`,
      ...(message.thread === null ? {} : { thread: message.thread }),
      ...(place === 0 ? { replyTo: message.messageId } : {}),
    });
  }
}

function expired(line: string): Message {
  return {
    tone: "attention",
    headline: ["That was said while nobody listened, and has expired: nothing was done."],
    next: ["Send it again if it still holds: ", { code: line.slice(0, 200) }],
  };
}

function givenUp(reference: string): Message {
  return {
    tone: "bad",
    headline: [`That was begun ${MAX_ATTEMPTS} times and never came to an end: nothing was done.`],
    next: [`It is not tried again. The log has the particulars under message ${reference}.`],
  };
}

/** Faults of the moment (SQLSTATE classes: connection, rollback, resources, intervention). */
function isPassing(thrown: unknown): boolean {
  const inner = (thrown as { original?: unknown } | null)?.original ?? thrown;
  const code = (inner as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^(08|40|53|57)[0-9A-Z]{3}$/.test(code);
}

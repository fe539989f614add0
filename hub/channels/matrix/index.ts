import { OperatorError } from "../../../core/errors.ts";
import type { Channel, ChannelContext, ChannelKind, Outcome, Outgoing } from "../channel.ts";
import { databaseStorage } from "./database-storage.ts";
import type { MatrixHandlers, MatrixSession, RoomText } from "./contract.ts";
import { afterMention } from "./mention.ts";
import { createMatrixSession } from "./session.ts";

/** Matrix: says notices in rooms, and hears what people type there. */
export const matrix: ChannelKind = {
  name: "matrix",
  readers: "chat",
  example: "matrix:#room:example.org",
  canonical: canonicalRoom,
  create: createMatrixChannel,
};

/** A room's id (since version 12 without a server) or alias (client-server API, "Identifiers"). */
function canonicalRoom(address: string): string | undefined {
  const text = address.trim();
  if (Buffer.byteLength(text) > 255) return undefined;
  if (/^![^\s:]+(:[^\s]+)?$/.test(text)) return text;
  const alias = /^(#[^\s:]+):([^\s]+)$/.exec(text);
  return alias === null ? undefined : `${alias[1]}:${alias[2]?.toLowerCase()}`;
}

function createMatrixChannel(context: ChannelContext): Channel | undefined {
  const { settings, log } = context;
  const config = settings.config.matrix;
  if (config.homeserver === "") return undefined;
  checkConfig(config.homeserver, config.user);
  const session = createMatrixSession({
    settings,
    log,
    storage: databaseStorage(),
    onFatal: (error) => log.error({ err: error, hint: error.hint }, "Matrix has stopped"),
  });
  return {
    name: "matrix",
    canEdit: true,
    concurrency: 8,
    hanging: 32,
    start: () => session.start(hear(session, context)),
    stop: () => session.stop(),
    problem: () => Promise.resolve(session.health().problem),
    isShown: ({ id, address, createdAt }) => session.isShown(address, id, createdAt),
    send: (delivery, signal) => deliver(session, delivery, config.message_prefix, signal),
  };
}

function checkConfig(homeserver: string, user: string): void {
  if (!URL.canParse(homeserver) || !/^https?:$/.test(new URL(homeserver).protocol)) {
    throw new OperatorError(
      "BAD_CONFIG",
      `matrix.homeserver is ${JSON.stringify(homeserver)}, which is not an address.`,
      'Write it like "https://matrix.example.org".',
      { exitStatus: 2 },
    );
  }
  if (/^@[^\s:]+:[^\s]+$/.test(user)) return;
  throw new OperatorError(
    "BAD_CONFIG",
    `matrix.user is ${JSON.stringify(user)}, which is not a Matrix id.`,
    'Write it like "@laniakea:example.org".',
    { exitStatus: 2 },
  );
}

function hear(session: MatrixSession, context: ChannelContext): MatrixHandlers {
  const { settings, receive, moved, log } = context;
  return {
    async onMessage(message) {
      const called = afterMention(message, settings.config.matrix.user);
      const isNew = await receive({
        destination: `matrix:${message.room}`,
        messageId: message.eventId,
        sender: message.sender,
        body: called ?? message.body,
        addressed: called !== undefined || message.alone,
        ...(message.threadRoot === undefined ? {} : { thread: message.threadRoot }),
        ...(message.replyTo === undefined ? {} : { replyTo: message.replyTo }),
        sentAt: message.time,
      });
      // Read means kept: it will be answered, come what may.
      if (isNew) await session.markRead(message.room, message.eventId);
    },
    onRoomReplaced: ({ old, replacement }) => moved?.(`matrix:${old}`, `matrix:${replacement}`),
    onSkipped: (skipped) => log.info({ ...skipped }, "messages in a room were not read"),
  };
}

/** The id of the first event stays the message's id through all edits: only that can be edited. */
async function deliver(
  session: MatrixSession,
  delivery: Outgoing,
  prefix: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { address, id, unclearSince } = delivery;
  const text: RoomText = {
    message: delivery.message,
    ...(delivery.subject.tag === undefined ? {} : { prefix }),
    ...(delivery.thread === undefined ? {} : { thread: delivery.thread }),
    ...(delivery.replyTo === undefined ? {} : { replyTo: delivery.replyTo }),
  };
  const options = { signal, unclearSince };
  const original = delivery.edits?.remoteId;
  if (original === undefined) return session.send(address, text, id, options);
  const outcome = await session.edit(address, original, text, id, options);
  return outcome.outcome === "delivered" ? { ...outcome, remoteId: original } : outcome;
}

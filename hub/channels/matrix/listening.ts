import type { Settings } from "../../../core/config.ts";
import type { Log } from "../../../core/log.ts";
import { matchesGlob } from "../../routing/glob.ts";
import { createBackOff, pause } from "./back-off.ts";
import { type BatchContext, handleBatch, SYNC_FILTER } from "./batch.ts";
import { type Chore, createChores } from "./chores.ts";
import type { HomeserverClient } from "./client.ts";
import type { MatrixHandlers, MatrixSessionOptions } from "./contract.ts";
import type { EncryptionGuard } from "./encryption.ts";
import { SyncAnswer } from "./event.ts";
import { HomeserverError } from "./homeserver-error.ts";
import { answerInvitation } from "./invitation.ts";
import { createMembers } from "./members.ts";
import type { Recent } from "./recent.ts";
import type { Rooms } from "./rooms.ts";
import type { SessionStorage } from "./storage.ts";
import { followSync, ForeignToken } from "./sync.ts";

/** An empty answer that came sooner was no long poll; the next is not asked for at once. */
const SOON_MS = 50;

/** What listening takes. */
export interface Listener {
  settings: Settings;
  log: Log;
  client: HomeserverClient;
  rooms: Rooms;
  encryption: EncryptionGuard;
  storage: SessionStorage;
  recent: Recent;
  handlers: MatrixHandlers;
  acceptInvite: MatrixSessionOptions["acceptInvite"];
  pollMs: number;
  pauses: { firstMs: number; maxMs: number };
  signal: AbortSignal;
  onGood(): void;
  onTrouble(problem: string, thrown: unknown): void;
  /** Hears of what ends it: a token that is not accepted. It then aborts the signal. */
  onEnd(thrown: unknown): void;
}

/**
 * Hears what happens until the signal is aborted: one loop follows the stream, another one works
 * off what takes requests of its own. Never rejects.
 */
export async function listen(listener: Listener): Promise<void> {
  const { client, storage, log, pauses, signal, onEnd } = listener;
  const chores = createChores(storage, log, pauses);
  const self = listener.settings.config.matrix.user;
  const context: BatchContext = {
    ...listener,
    self,
    members: createMembers(client, self),
    addChores: chores.add,
  };
  const stream = followSync(
    {
      loadToken: () => storage.get("since"),
      saveToken: (token) => storage.set("since", token),
      poll: (since) => poll(client, since, listener.pollMs, signal),
      handle: (answer, since) => handleBatch(context, answer, since),
      onGood: listener.onGood,
      onTrouble: listener.onTrouble,
      onLostPlace: () => log.warn("the homeserver forgot our place in the stream; begun anew"),
    },
    createBackOff(pauses),
    signal,
  );
  const work = chores.run((chore) => workOff(chore, listener), signal);
  await Promise.all([stream.catch(onEnd), work.catch(onEnd)]);
}

async function poll(
  client: HomeserverClient,
  since: string | undefined,
  pollMs: number,
  signal: AbortSignal,
): Promise<SyncAnswer> {
  const began = performance.now();
  // The first answer waits for nothing. Synapse gives the same one again for two minutes to the
  // same request, with its old place in the stream, so each is made a little different.
  const timeout = since === undefined ? Math.ceil(Math.random() * 1_000) : pollMs;
  const served = await client.sync(since, SYNC_FILTER, timeout).catch((thrown: unknown) => {
    // All but the token is the same in every request, so it is what was refused.
    const refused = thrown instanceof HomeserverError && thrown.status === 400;
    if (refused && since !== undefined) throw new ForeignToken(thrown.message, thrown);
    throw thrown;
  });
  const answer = SyncAnswer.parse(served);
  const isEmpty = Object.values(answer.rooms).every(
    (rooms) => Object.keys(rooms ?? {}).length === 0,
  );
  if (isEmpty && since !== undefined && performance.now() - began < SOON_MS) {
    await pause(SOON_MS, signal);
  }
  return answer;
}

async function workOff(chore: Chore, listener: Listener): Promise<void> {
  if (chore.kind === "replacement") return follow(chore.room, listener);
  const { matrix } = listener.settings.config;
  const byList = ({ sender }: { sender: string }): boolean =>
    matrix.invites_from.some((pattern) => matchesGlob(pattern, sender));
  await answerInvitation(chore, {
    ...listener,
    configured: matrix.room,
    acceptInvite: listener.acceptInvite ?? byList,
  });
  // Perhaps it is the room that an old one of ours moved to.
  if (chore.predecessor !== undefined) await follow(chore.predecessor, listener);
}

function follow(old: string, { rooms, handlers }: Listener): Promise<void> {
  return rooms.followReplacement(old, (replacement) =>
    handlers.onRoomReplaced?.({ old, replacement }),
  );
}

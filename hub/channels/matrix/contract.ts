import type { Settings } from "../../../core/config.ts";
import type { OperatorError } from "../../../core/errors.ts";
import type { Log } from "../../../core/log.ts";
import type { Message } from "../../../core/message.ts";
import type { Outcome } from "../channel.ts";
import type { SessionStorage } from "./storage.ts";

/** What a session is made of. */
export interface MatrixSessionOptions {
  /** Account, homeserver, secrets, rooms and who may invite: `[matrix]` of the configuration. */
  settings: Settings;
  /** Must survive restarts: what was heard, which rooms are encrypted. */
  storage: SessionStorage;
  log: Log;
  /**
   * Who may invite us where. Unless given, those whom `matrix.invites_from` names. To the rooms in
   * `matrix.room` anybody may.
   */
  acceptInvite?: ((invitation: Invitation) => boolean | Promise<boolean>) | undefined;
  /** The session is over and cannot come back by itself: the token is not accepted any more. */
  onFatal?(error: OperatorError): void;
  /** How long a sync may wait for something to happen; 30 s unless given. */
  pollMs?: number;
  /** Pause after the first failure, doubled up to the longest; 1 s and 60 s unless given. */
  backOff?: { firstMs: number; maxMs: number };
}

export interface Invitation {
  room: string;
  sender: string;
  isDirect: boolean;
}

/** What a person said. */
export interface IncomingMatrixMessage {
  room: string;
  eventId: string;
  sender: string;
  /** Plain text, without the quotation of what it answers. */
  body: string;
  /** HTML as the sender wrote it: anything may be in there, so never show it as it is. */
  formatted: string | undefined;
  /** When, by the sender's server: a claim. */
  time: Date;
  /** The room was begun as a direct chat. More people may have been invited since. */
  isDirect: boolean;
  /** Nobody but the sender and us was joined when it was said. */
  alone: boolean;
  /** Our display name in the room; undefined where we have none. */
  ownName: string | undefined;
  /** The account is among the mentioned (`m.mentions`). */
  mentionsUs: boolean;
  threadRoot: string | undefined;
  replyTo: string | undefined;
}

export interface IncomingRedaction {
  room: string;
  /** The event that was taken back. */
  eventId: string;
  sender: string;
  time: Date;
}

export interface IncomingReaction {
  room: string;
  /** Of the reaction itself. */
  eventId: string;
  target: string;
  key: string;
  sender: string;
  time: Date;
}

/** Messages that were not handed on. */
export interface SkippedMessages {
  room: string;
  /**
   * `first sync`: said before this session had a place to go on from. `before joining`: said
   * before we were in the room. `gap`: too much was said while away to read it all.
   */
  reason: "first sync" | "before joining" | "gap";
  /** At least so many. */
  count: number;
}

/**
 * Who hears what happens. Each is awaited, in the order of the room, and the place in the stream
 * moves on only when all of a batch are through: what they did must then be durable. After a crash
 * the same event may come again, so they are idempotent by event id. A throw stops the stream
 * until it works.
 */
export interface MatrixHandlers {
  onMessage?(message: IncomingMatrixMessage): void | Promise<void>;
  onRedaction?(redaction: IncomingRedaction): void | Promise<void>;
  onReaction?(reaction: IncomingReaction): void | Promise<void>;
  /** A room moved, rightfully; when this is done, what is sent to the old one goes to the new one. */
  onRoomReplaced?(change: { old: string; replacement: string }): void | Promise<void>;
  onSkipped?(skipped: SkippedMessages): void | Promise<void>;
}

/** What is said: a message for people, and where it belongs in the room. */
export interface RoomText {
  message: Message;
  /** Put before it, plain text. */
  prefix?: string;
  /** Event that starts the thread. */
  thread?: string;
  /** Event that it answers. */
  replyTo?: string;
}

export interface SendOptions {
  /** Gives up on the answer; the homeserver may have taken the event all the same. */
  signal?: AbortSignal;
  /**
   * When the earliest attempt under this `txn` began of which it is not known whether the
   * homeserver took it. If it may have forgotten it since, the room is searched for the event
   * before it is sent again.
   */
  unclearSince?: Date | undefined;
}

export interface MatrixHealth {
  /**
   * `stopped` before the start and after the stop, `connecting` until the homeserver has accepted
   * the token, `running`, `failing` while it does not answer, `dead` once the token is refused.
   */
  state: "stopped" | "connecting" | "running" | "failing" | "dead";
  /** When the homeserver last answered a sync and all of it was handled. */
  lastSync: Date | undefined;
  /** What is wrong now, one sentence. */
  problem: string | undefined;
  /** Rooms we are kept out of talking in, because we cannot encrypt yet. */
  encryptedRooms: string[];
}

/** The one session with the homeserver: sends, and hears what is said. */
export interface MatrixSession {
  /**
   * Logs in or checks the token, then listens in the background. With no handlers it only sends.
   * When the homeserver does not answer, it goes on trying by itself.
   *
   * @throws OperatorError when the token, the password or the account is wrong
   */
  start(handlers?: MatrixHandlers): Promise<void>;
  /** Ends at once, also while waiting for the homeserver; a handler at work is waited for. */
  stop(): Promise<void>;
  /**
   * Sends a notice. The same `txn` gives the same event, however often it is sent. The homeserver
   * remembers transactions for a limited time (Synapse: a day); see `unclearSince`.
   *
   * @param room id or alias
   * @returns the event's id as `remoteId`
   */
  send(room: string, text: RoomText, txn: string, options?: SendOptions): Promise<Outcome>;
  /** Replaces what an earlier event of ours says. */
  edit(
    room: string,
    eventId: string,
    text: RoomText,
    txn: string,
    options?: SendOptions,
  ): Promise<Outcome>;
  /**
   * Looks whether an event of ours with this `txn` can be read in a room, back to a time.
   *
   * @throws HomeserverError
   */
  isShown(room: string, txn: string, since: Date): Promise<boolean>;
  /** Puts a reaction, one emoji, to an event. Twice the same is once. */
  react(room: string, eventId: string, key: string, txn: string): Promise<Outcome>;
  /** Shows that we are at work, or not any more. A nicety: false when it did not work. */
  typing(room: string, on: boolean): Promise<boolean>;
  /** Shows that we have read up to the event. A nicety: false when it did not work. */
  markRead(room: string, eventId: string): Promise<boolean>;
  /** Ids of the rooms we are in. @throws HomeserverError */
  joinedRooms(): Promise<string[]>;
  health(): MatrixHealth;
}

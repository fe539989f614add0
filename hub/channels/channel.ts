import type { Settings } from "../../core/config.ts";
import type { Links } from "../../core/events/declare.ts";
import type { Log } from "../../core/log.ts";
import type { Message } from "../../core/message.ts";
import type { IncomingText } from "../incoming.ts";

/**
 * A way to people: Matrix, email, the local room. A channel turns a message into what its world
 * understands and says how that went; queueing, retries, order and giving up are the
 * dispatcher's. Adding one is a folder and a line in `index.ts`.
 */
export interface ChannelKind {
  /** Before the colon of its destinations: `email` in `email:person@example.org`. */
  name: string;
  /**
   * How it is read: in a chat, whose messages can be changed later; as mail, of which each stays;
   * or by programs, which want every event as it comes. Missing: by programs.
   */
  readers?: "chat" | "mail" | "programs";
  /** A destination that is well formed, for hints. */
  example: string;
  /** The address (after the colon) in its canonical spelling, or undefined if it is none. */
  canonical(address: string): string | undefined;
  /** Undefined when this machine is not configured for it; its deliveries then wait. */
  create(context: ChannelContext): Channel | undefined;
}

/** What a channel is given. */
export interface ChannelContext {
  settings: Settings;
  log: Log;
  links: Links;
  /**
   * Keeps what a person said; durable when it resolves, and harmless to call again for the same
   * message. Channels that hear nothing never call it.
   *
   * @returns false when it was known already
   */
  receive(text: IncomingText): Promise<boolean>;
  /** A place was replaced by another (a room upgrade): what was meant for it goes there now. */
  moved?(from: string, to: string): Promise<void>;
  /** What is known of addresses; without it all are believed to be good. */
  mail?: MailStanding;
}

/** How it stands with addresses: who wants no mail, and to whom none can be delivered. */
export interface MailStanding {
  /** Why a mail is not to be sent to its address; undefined when it is. */
  withheld(delivery: Pick<Outgoing, "address" | "reason" | "subject">): Promise<string | undefined>;
  /** Mail could not be delivered to an address, for good. */
  bounced(
    deliveryId: string,
    address: string,
    how: { status: string; diagnostic: string },
  ): Promise<void>;
}

export interface Channel {
  name: string;
  /** True: `edits` changes the earlier message. False: only the final edit is sent, as a new one. */
  canEdit: boolean;
  /** Destinations served at once. */
  concurrency: number;
  /**
   * How many more it may have under way that take long or failed before; as many as `concurrency`
   * unless given. So many first tries and so many others may hang without delaying anybody.
   */
  hanging?: number;
  start?(): Promise<void>;
  stop?(): Promise<void>;
  /** Why it cannot be used now; asked every few seconds. A throw is a problem, too. */
  problem?(): Promise<string | undefined>;
  /**
   * Whether something of ours can be read where it was sent, so that people can, too. Channels
   * that cannot look have none.
   *
   * @throws Error when it cannot be found out now
   */
  isShown?(delivery: ShownDelivery): Promise<boolean>;
  /**
   * Sends one delivery. Whatever identifies it to the other side (Matrix transaction id,
   * Message-ID) is derived from `delivery.id` alone: after a crash the same delivery comes again,
   * and must not be seen twice.
   *
   * The signal is aborted when the lease is lost or the program stops; what happens then does not
   * matter, as the outcome is no longer written. A throw counts as a bug of the channel.
   */
  send(delivery: Outgoing, signal: AbortSignal): Promise<Outcome>;
}

/** What is looked for where it was sent. */
export interface ShownDelivery {
  id: string;
  /** Of its destination, the part after the colon. */
  address: string;
  createdAt: Date;
}

/** One delivery as a channel sees it. */
export interface Outgoing {
  /** UUID. */
  id: string;
  /** `email:person@example.org`. */
  destination: string;
  /** The part after the colon. */
  address: string;
  message: Message;
  subject: DeliverySubject;
  /** Why it goes there, for the reader: "route 3 of @admin:example.org". */
  reason: string;
  /** Id at the remote side of the message whose thread this belongs to. */
  thread?: string;
  /** Id at the remote side of the message this answers. */
  replyTo?: string;
  /** The delivery this replaces; without remoteId that one was never delivered: send anew. */
  edits?: { id: string; remoteId?: string };
  /** For edits: false when a later one will follow. */
  final: boolean;
  /** From 1. */
  attempt: number;
  createdAt: Date;
  /** When the earliest attempt began of which it is not known whether the other side took it. */
  unclearSince?: Date;
}

/** What a message is about, for headers and threads. All of it is data: escape or encode it. */
export interface DeliverySubject {
  /** The event's tag. */
  tag?: string;
  /** The event's uuid. */
  event?: string;
  repository?: string;
  suites?: string[];
  packages?: string[];
  /** Subject line of a mail when it is not the headline. */
  title?: string;
  /** Laniakea's word for it in X-Laniakea-Event when it is not the tag: `package-accepted`. */
  label?: string;
  /** `ref` of each reason why it goes there: what its reader can end. */
  because?: string[];
  /** The one build, upload or migration it is about; what is said of it is one thread. */
  object?: string;
  /** An answer to what the reader wrote: it goes also to who gets no news any more. */
  answer?: boolean;
  /** For a public list: not marked as automatic, so that list software lets it pass. */
  announcement?: boolean;
}

export type Outcome =
  | { outcome: "delivered"; remoteId?: string }
  | {
      outcome: "failed";
      /** True: later it may work. False: never, put it on the list of the dead. */
      retry: boolean;
      /** What the other side asked to wait, obeyed as it is. */
      afterMs?: number;
      /** It gets too much from us: `afterMs` may hold for all destinations. */
      limited?: boolean;
      /** It said that it did not take it; otherwise it may have. */
      untaken?: boolean;
      /** The whole channel cannot work (credentials, refused greeting): nothing else is tried. */
      stop?: boolean;
      reason: string;
    }
  /** Nothing was sent, on purpose: an intermediate edit, an address that trials exclude. */
  | { outcome: "skipped"; reason: string };

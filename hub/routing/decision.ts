import type { Understood } from "../../core/events/catalogue.ts";
import type { DeliverySubject } from "../channels/channel.ts";

/** An event of the journal, as much of it as telling people needs. */
export interface JournalledEvent {
  uuid: string;
  tag: string;
  data: unknown;
}

/** Why a destination hears of an event: one rule, subscription or role that says so. */
export interface Reason {
  /** For people: "route 3 of @admin:example.org", "you uploaded it". */
  name: string;
  /**
   * The same for programs, so that a link in the message can end it: "subscription:17",
   * "own-uploads", "own-packages:bash", "configuration". Missing: nobody can end it.
   */
  ref?: string;
}

/**
 * How a destination wants to hear, as routing decides it (Alertmanager's words: group_by,
 * group_wait, group_interval, repeat_interval). What the person behind the destination prefers
 * (digests, quiet hours, a budget) is added by pacing.
 */
export interface Tempo {
  /** Events that agree in these fields may share a message; empty: each is its own. */
  groupBy: readonly GroupField[];
  /** Milliseconds that the first event of a group waits for company. 0: it is told at once. */
  waitMs: number;
  /** Milliseconds between two messages about the same group. */
  intervalMs: number;
  /** Milliseconds after which a lasting state is told again. 0: never. */
  repeatMs: number;
}

/** What groups are made by. `object` is the one build, upload or migration an event is about. */
export type GroupField = "tag" | "module" | "repository" | "suite" | "package" | "object";

/** Told at once, each by itself. */
export const AT_ONCE: Tempo = { groupBy: [], waitMs: 0, intervalMs: 0, repeatMs: 0 };

/** What keeps a matching event from being told: it is remembered, with this, and not sent. */
export interface Suppression {
  by: "silence" | "inhibition" | "mute time" | "muted" | "own action";
  /** For people: "silence 4 of anna until 18:00 UTC: rebuild of perl". */
  name: string;
}

/** What routing says about one event and one destination. Each destination has at most one. */
export interface Decision {
  destination: string;
  /** All that match; the first one decided. Never empty. */
  reasons: readonly Reason[];
  tempo: Tempo;
  suppressed?: Suppression;
  /** True: it answers what this person did, and is told at once whatever else they prefer. */
  urgent?: boolean;
  /** What this destination's mail says otherwise than the event itself. */
  subject?: DeliverySubject;
}

/** An event with all that routing says about it. */
export interface DecidedEvent<Event extends JournalledEvent = JournalledEvent> {
  event: Event;
  /** What it means, if that is known already. */
  understood?: Understood;
  decisions: readonly Decision[];
}

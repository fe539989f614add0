import { setTimeout as sleep } from "node:timers/promises";
import { asError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Heard } from "./follower.ts";
import { readPosition } from "./published.ts";
import type { ReplayPage } from "./replay.ts";
import type { FrameVerdict } from "./verify.ts";

export interface CatchUpOptions {
  /** The Lighthouse to keep up with. */
  lighthouse: string;
  /** Up to here everything was heard before. */
  heard: number;
  /** Whether there is anybody to ask for what is missing. */
  canAsk: () => boolean;
  /** Asks for what there is from a number on. Rejects when nobody answers. */
  ask: (from: number) => Promise<ReplayPage>;
  /** Decides on a replayed event. */
  decide: (bytes: Buffer) => FrameVerdict;
  /** Hands on; resolves when there is room for more. Calls keep their order. */
  hand: (heard: Heard) => Promise<void>;
  signal: AbortSignal;
  log: Log;
}

/** Held back while a gap before them is filled; what is beyond it comes again by replay. */
const HELD_BACK = 10_000;
/** Numbers whose events are remembered, to know one that comes twice. */
const REMEMBERED = 20_000;
/** Another endpoint of the same Lighthouse may be about to bring what is missing. */
const GRACE_MS = 50;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5_000;
/** When nobody answers for so long, what comes goes on out of order rather than not at all. */
const PATIENCE_MS = 10_000;

/**
 * Keeps the events of one Lighthouse in order, each once, and fills the gaps.
 *
 * *In step*, events come number by number and go on at once. *Behind*, from the first number that
 * is missing, what comes is held back; the missing is asked for page by page and handed on in
 * order, and what was held back follows, until the newest number is reached. *Strained*, when
 * nobody has answered for a while, what comes goes on without its position, which stays before the
 * gap until that can be filled.
 *
 * No signature covers the number. One that is too high makes us ask Lighthouse, which proves
 * itself by its CURVE key, and nothing else; one that was there already is the same event only if
 * its uuid is the same.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  #heard: number;
  #lost = 0;
  /** The newest number that Lighthouse has, as far as we know. */
  #newest = 0;
  /** The newest number that anybody claimed since we last asked, and how often we asked. */
  #claimed = 0;
  #asked = 0;
  #strained = false;
  #repairing: Promise<void> | undefined;
  readonly #heldBack = new Map<number, { event: Heard; asked: number }>();
  readonly #seen = new Map<number, string>();

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#heard = options.heard;
  }

  /** Up to which number everything was handed on; how many were gone when we asked for them. */
  progress(): { heard: number; lost: number; behind: boolean } {
    return { heard: this.#heard, lost: this.#lost, behind: this.#repairing !== undefined };
  }

  /** Resolves when nothing is being asked for. */
  async settled(): Promise<void> {
    while (this.#repairing !== undefined) await this.#repairing;
  }

  /** Takes an accepted event, whatever its number. */
  async take(event: Heard, sequence: number): Promise<void> {
    if (sequence <= this.#heard) {
      if (this.#seen.get(sequence) === uuidOf(event)) return;
      // Long ago, or another event under a number that is taken: the reader's uuids tell.
      await this.#options.hand(event);
    } else if (sequence === this.#heard + 1) {
      await this.#step(event, sequence);
      await this.#release();
    } else if (this.#options.canAsk()) {
      await this.#holdBack(event, sequence);
    } else {
      this.#lose(sequence - 1, "nobody can be asked for them: lighthouse.servers.replay");
      await this.#step(event, sequence);
    }
  }

  /** Takes what Lighthouse says of itself: there may be more, or less, than we heard. */
  compare({ newest }: { newest: number }): void {
    this.#noticeReturn(newest);
    this.#claimed = Math.max(this.#claimed, newest);
    this.#newest = Math.max(this.#newest, newest);
    if (this.#newest > this.#heard) this.#repair();
  }

  #step(event: Heard, sequence: number): Promise<void> {
    const { hand, lighthouse } = this.#options;
    const uuid = uuidOf(event);
    const known = uuid !== undefined && this.#seen.get(sequence) === uuid;
    this.#heard = sequence;
    this.#heldBack.delete(sequence);
    this.#remember(sequence, uuid);
    const position = { lighthouse, sequence };
    // It went on before its turn, while nobody answered.
    if (known) return hand({ source: event.source, channel: event.channel, position });
    return hand({ ...event, position });
  }

  #remember(sequence: number, uuid: string | undefined): void {
    if (uuid === undefined) return;
    this.#seen.set(sequence, uuid);
    if (this.#seen.size <= REMEMBERED) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }

  async #holdBack(event: Heard, sequence: number): Promise<void> {
    this.#claimed = Math.max(this.#claimed, sequence);
    this.#newest = Math.max(this.#newest, sequence);
    this.#repair();
    if (this.#strained) {
      if (this.#seen.get(sequence) === uuidOf(event)) return;
      this.#remember(sequence, uuidOf(event));
      await this.#options.hand(event);
    } else if (this.#heldBack.size < HELD_BACK) {
      this.#heldBack.set(sequence, { event, asked: this.#asked });
    }
  }

  /** Hands on what was held back and is next now. */
  async #release(): Promise<void> {
    for (;;) {
      const next = this.#heldBack.get(this.#heard + 1);
      if (next === undefined) return;
      await this.#step(next.event, this.#heard + 1);
    }
  }

  #repair(): void {
    this.#repairing ??= this.#repairAll().finally(() => {
      this.#repairing = undefined;
      if (this.#newest > this.#heard && !this.#options.signal.aborted) this.#repair();
    });
  }

  async #repairAll(): Promise<void> {
    const { ask, log, lighthouse, signal } = this.#options;
    let failing: number | undefined;
    let retry = FIRST_RETRY_MS;
    await pause(GRACE_MS, signal);
    await this.#release();
    while (this.#newest > this.#heard && !signal.aborted) {
      try {
        this.#asked += 1;
        this.#claimed = 0;
        await this.#takePage(await ask(this.#heard + 1));
        failing = undefined;
        this.#strained = false;
        retry = FIRST_RETRY_MS;
      } catch (thrown) {
        if (signal.aborted) return;
        if (failing === undefined) {
          const reason = asError(thrown).message;
          log.warn({ lighthouse, from: this.#heard + 1, reason }, "cannot fill a gap yet");
        }
        failing ??= performance.now();
        if (performance.now() - failing > PATIENCE_MS) await this.#strain();
        await pause(retry, signal);
        retry = Math.min(retry * 2, LONGEST_RETRY_MS);
      }
    }
  }

  async #takePage(page: ReplayPage): Promise<void> {
    const { decide, hand, lighthouse } = this.#options;
    const asked = this.#asked;
    if (this.#noticeReturn(page.newest)) return;
    if (page.oldest > this.#heard + 1)
      this.#lose(page.oldest - 1, "Lighthouse keeps no older ones");
    for (const bytes of page.events) {
      const { sequence = 0 } = readPosition(bytes) ?? {};
      if (sequence <= this.#heard) continue;
      const verdict = decide(bytes);
      await this.#step({ source: lighthouse, channel: "replay", bytes, verdict }, sequence);
    }
    const end = page.next === null ? page.newest : page.next - 1;
    if (end > this.#heard) this.#heard = end;
    await hand({
      source: lighthouse,
      channel: "replay",
      position: { lighthouse, sequence: this.#heard },
    });
    for (const [sequence, held] of this.#heldBack) {
      if (sequence <= this.#heard) this.#heldBack.delete(sequence);
      else if (sequence > page.newest && held.asked < asked) {
        // Nothing is sent before its number is given: somebody made this one up.
        this.#heldBack.delete(sequence);
        await hand(held.event);
      }
    }
    this.#newest = Math.max(page.newest, this.#claimed);
    await this.#release();
  }

  async #strain(): Promise<void> {
    this.#strained = true;
    const held = [...this.#heldBack].toSorted(([a], [b]) => a - b);
    this.#heldBack.clear();
    for (const [sequence, { event }] of held) {
      this.#remember(sequence, uuidOf(event));
      await this.#options.hand(event);
    }
  }

  #lose(last: number, reason: string): void {
    const { lighthouse, log } = this.#options;
    log.error({ lighthouse, from: this.#heard + 1, to: last, reason }, "events are lost");
    this.#lost += last - this.#heard;
    this.#heard = last;
  }

  /** An older state of its database was restored: its numbers mean other events now. */
  #noticeReturn(newest: number): boolean {
    if (newest >= this.#heard) return false;
    const { lighthouse, log } = this.#options;
    log.error(
      { lighthouse, heard: this.#heard, newest },
      "a Lighthouse went back; hearing it anew",
    );
    this.#heard = 0;
    this.#newest = newest;
    this.#heldBack.clear();
    this.#seen.clear();
    return true;
  }
}

function uuidOf({ verdict }: Heard): string | undefined {
  return verdict?.accepted === true ? verdict.event.uuid : undefined;
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

import { setMaxListeners } from "node:events";
import { asError, OperatorError } from "../../../core/errors.ts";
import type { Outcome } from "../channel.ts";
import { createBackOff } from "./back-off.ts";
import type { HomeserverClient } from "./client.ts";
import type {
  MatrixHandlers,
  MatrixHealth,
  MatrixSession,
  MatrixSessionOptions,
} from "./contract.ts";
import { createEncryptionGuard, type EncryptionGuard } from "./encryption.ts";
import { classifyFailure, HomeserverError } from "./homeserver-error.ts";
import { listen } from "./listening.ts";
import { createRecent } from "./recent.ts";
import { createRooms, type Rooms } from "./rooms.ts";
import { createSending, type Sending } from "./sending.ts";
import { accountStorage } from "./storage.ts";
import { tokenRefused } from "./token-refused.ts";

const POLL_MS = 30_000;
const BACK_OFF = { firstMs: 1_000, maxMs: 60_000 };
/** How much later than its poll an answer may come before the stream counts as lost. */
const GRACE_MS = 15_000;

/** What there is once the homeserver has accepted the token. */
interface Link {
  client: HomeserverClient;
  rooms: Rooms;
  encryption: EncryptionGuard;
  sending: Sending;
}

/**
 * The session with the homeserver.
 *
 *     stopped → connecting → running ⇄ failing
 *                  │            └────────┴──→ dead (token refused: onFatal)
 *                  └→ start throws (an operator has to mend it)
 *     any → stopped by stop()
 */
class Session implements MatrixSession {
  readonly #options: MatrixSessionOptions;
  readonly #pauses: { firstMs: number; maxMs: number };
  readonly #pollMs: number;
  readonly #recent = createRecent();
  #ending = new AbortController();
  #background: Promise<void> = Promise.resolve();
  #link: Link | undefined;
  #state: MatrixHealth["state"] = "stopped";
  #problem: string | undefined;
  #lastSync: Date | undefined;
  /** Of the last good sync, on a clock that is never set. */
  #lastGood = -Infinity;

  constructor(options: MatrixSessionOptions) {
    this.#options = options;
    this.#pauses = options.backOff ?? BACK_OFF;
    this.#pollMs = options.pollMs ?? POLL_MS;
  }

  async start(handlers?: MatrixHandlers): Promise<void> {
    if (this.#state !== "stopped") throw new Error("the Matrix session was started already");
    this.#ending = new AbortController();
    setMaxListeners(0, this.#ending.signal);
    this.#state = "connecting";
    try {
      this.#link = await this.#connect();
    } catch (thrown) {
      if (thrown instanceof OperatorError) {
        this.#state = "stopped";
        throw thrown;
      }
      this.#trouble(classifyFailure(thrown).reason, thrown);
    }
    this.#background = this.#run(handlers);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#background;
    await this.#link?.client.close();
    this.#link = undefined;
    this.#state = "stopped";
  }

  send(...call: Parameters<Sending["send"]>): Promise<Outcome> {
    return this.#say((sending) => sending.send(...call));
  }

  edit(...call: Parameters<Sending["edit"]>): Promise<Outcome> {
    return this.#say((sending) => sending.edit(...call));
  }

  react(...call: Parameters<Sending["react"]>): Promise<Outcome> {
    return this.#say((sending) => sending.react(...call));
  }

  async typing(...call: Parameters<Sending["typing"]>): Promise<boolean> {
    return this.#link?.sending.typing(...call) ?? false;
  }

  async markRead(...call: Parameters<Sending["markRead"]>): Promise<boolean> {
    return this.#link?.sending.markRead(...call) ?? false;
  }

  async isShown(...call: Parameters<Sending["isShown"]>): Promise<boolean> {
    if (this.#link === undefined) throw new HomeserverError("not connected to the homeserver");
    return this.#link.sending.isShown(...call);
  }

  async joinedRooms(): Promise<string[]> {
    if (this.#link === undefined) throw new HomeserverError("not connected to the homeserver");
    return this.#link.client.getJoinedRooms();
  }

  health(): MatrixHealth {
    return {
      state: this.#state,
      problem: this.#problem,
      lastSync: this.#lastSync,
      encryptedRooms: this.#link?.encryption.seen() ?? [],
    };
  }

  async #connect(): Promise<Link> {
    const { settings, log } = this.#options;
    const self = settings.config.matrix.user;
    const storage = accountStorage(this.#options.storage, self);
    // Here and not above: the SDK takes a third of a second to load, also where nobody uses Matrix.
    const { openClient } = await import("./login.ts");
    const client = await openClient({ settings, storage, log, signal: this.#ending.signal });
    const rooms = createRooms(client, storage, log);
    const encryption = createEncryptionGuard(client, storage, () => this.#isFollowing());
    const onRefusedToken = (thrown: unknown): void => this.#die(thrown);
    const changed = await storage.get("device since");
    const deviceSince = changed === undefined ? undefined : new Date(changed);
    const sending = createSending({
      self,
      client,
      rooms,
      encryption,
      deviceSince,
      onRefusedToken,
    });
    return { client, rooms, encryption, sending };
  }

  async #run(handlers: MatrixHandlers | undefined): Promise<void> {
    try {
      const link = await this.#connected();
      if (link === undefined) return;
      if (handlers !== undefined) return await this.#listen(link, handlers);
      this.#state = "running";
      this.#problem = undefined;
    } catch (thrown) {
      this.#die(thrown);
    }
  }

  /** Connects, however long it takes. */
  async #connected(): Promise<Link | undefined> {
    const backOff = createBackOff(this.#pauses);
    let afterMs: number | undefined;
    while (this.#link === undefined) {
      if (!(await backOff.pause(this.#ending.signal, afterMs))) return undefined;
      try {
        this.#link = await this.#connect();
      } catch (thrown) {
        if (thrown instanceof OperatorError) throw thrown;
        const failure = classifyFailure(thrown);
        this.#trouble(failure.reason, thrown);
        afterMs = failure.afterMs;
      }
    }
    return this.#link;
  }

  #listen(link: Link, handlers: MatrixHandlers): Promise<void> {
    const { settings, log, acceptInvite } = this.#options;
    return listen({
      settings,
      log,
      acceptInvite,
      handlers,
      ...link,
      storage: accountStorage(this.#options.storage, settings.config.matrix.user),
      recent: this.#recent,
      pollMs: this.#pollMs,
      pauses: this.#pauses,
      signal: this.#ending.signal,
      onGood: () => this.#good(),
      onTrouble: (problem, thrown) => this.#trouble(problem, thrown),
      onEnd: (thrown) => this.#die(thrown),
    });
  }

  /** Whether what changes in a room would have reached us. */
  #isFollowing(): boolean {
    const silence = performance.now() - this.#lastGood;
    return this.#state === "running" && silence < this.#pollMs + GRACE_MS;
  }

  #good(): void {
    this.#lastSync = new Date();
    this.#lastGood = performance.now();
    if (this.#state === "failing") this.#options.log.info("the homeserver answers again");
    this.#state = "running";
    this.#problem = undefined;
  }

  #trouble(problem: string, thrown: unknown): void {
    if (this.#problem !== problem) {
      this.#options.log.warn({ err: asError(thrown) }, "the Matrix stream is interrupted");
    }
    this.#problem = problem;
    if (this.#state === "running") this.#state = "failing";
  }

  #die(thrown: unknown): void {
    if (this.#state === "dead" || this.#ending.signal.aborted) return;
    const { settings, onFatal } = this.#options;
    const error = thrown instanceof OperatorError ? thrown : tokenRefused(settings, thrown);
    this.#state = "dead";
    this.#problem = error.message;
    this.#ending.abort();
    onFatal?.(error);
  }

  async #say(work: (sending: Sending) => Promise<Outcome>): Promise<Outcome> {
    const sending = this.#link?.sending;
    const outcome = sending === undefined ? undefined : await work(sending);
    // Also what was under way when the token was refused elsewhere failed for that reason.
    const cutOff = outcome?.outcome === "failed" && this.#state === "dead";
    if (outcome === undefined) return { ...this.#unconnected(), untaken: true };
    return cutOff ? this.#unconnected() : outcome;
  }

  /** What sending answers before there is a link, and after its end. */
  #unconnected(): Extract<Outcome, { outcome: "failed" }> {
    const reason = this.#problem ?? "the session has not reached the homeserver yet";
    const stop = this.#state === "dead" ? { stop: true } : {};
    return { outcome: "failed", retry: true, reason, ...stop };
  }
}

/** Makes a session; it does nothing before its start. */
export function createMatrixSession(options: MatrixSessionOptions): MatrixSession {
  return new Session(options);
}

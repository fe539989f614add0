import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { Config, type Settings } from "../../core/config.ts";
import type { OperatorError } from "../../core/errors.ts";
import { silentLog } from "../../core/log.ts";
import type {
  IncomingMatrixMessage,
  MatrixHandlers,
  MatrixSession,
  MatrixSessionOptions,
  RoomText,
  SkippedMessages,
} from "../../hub/channels/matrix/contract.ts";
import { createMatrixSession } from "../../hub/channels/matrix/session.ts";
import type { SessionStorage } from "../../hub/channels/matrix/storage.ts";
import type { Account, Ground } from "./homeserver/ground.ts";

/** What a session remembers, kept for as long as the test wants it. */
export interface Memory extends SessionStorage {
  entries: Map<string, string>;
}

/** @param from what was remembered so far: a copy of it, as after a crash */
export function createMemory(from: Iterable<[string, string]> = []): Memory {
  const entries = new Map(from);
  return {
    entries,
    get: (key) => Promise.resolve(entries.get(key)),
    set: (key, value) => {
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
      return Promise.resolve();
    },
  };
}

/** A session under test and what it was told. */
export interface Bench {
  session: MatrixSession;
  settings: Settings;
  memory: Memory;
  heard: IncomingMatrixMessage[];
  /** The bodies of what was heard. */
  bodies(): string[];
  skipped: SkippedMessages[];
  fatal: OperatorError[];
  /** Another session with the same account and memory, as after a restart. */
  again(options?: BenchOptions): Promise<Bench>;
}

export interface BenchOptions extends Partial<Omit<MatrixSessionOptions, "settings" | "storage">> {
  /** More of the section `[matrix]`. */
  matrix?: Record<string, unknown>;
  memory?: Memory;
  handlers?: MatrixHandlers;
  /** Not started, so that the test does it. */
  idle?: boolean;
  /** Starts without listening. */
  deaf?: boolean;
}

/** Opens a session of an account; it is stopped, and its files removed, when the test ends. */
export async function openBench(
  t: ExecutionContext,
  ground: Ground,
  account: Account,
  options: BenchOptions = {},
): Promise<Bench> {
  const { matrix, memory = createMemory(), handlers, idle, deaf, ...rest } = options;
  const directory = await mkdtemp(join(tmpdir(), "matrix-"));
  await writeFile(join(directory, "token"), `${account.token}\n`, { mode: 0o600 });
  const section = {
    homeserver: ground.url,
    user: account.userId,
    token_file: "token",
    ...matrix,
  };
  const settings: Settings = {
    config: Config.parse({ matrix: section }),
    dataDirectory: directory,
    file: undefined,
  };
  const heard: IncomingMatrixMessage[] = [];
  const skipped: SkippedMessages[] = [];
  const fatal: OperatorError[] = [];
  const session = createMatrixSession({
    settings,
    storage: memory,
    log: silentLog(),
    pollMs: 20_000,
    backOff: { firstMs: 5, maxMs: 40 },
    onFatal: (error) => fatal.push(error),
    ...rest,
  });
  t.teardown(async () => {
    await session.stop();
    await rm(directory, { recursive: true, force: true });
  });
  if (idle !== true) {
    await session.start(
      deaf === true
        ? undefined
        : {
            onMessage: (message) => void heard.push(message),
            onSkipped: (one) => void skipped.push(one),
            ...handlers,
          },
    );
  }
  return {
    session,
    settings,
    memory,
    heard,
    skipped,
    fatal,
    bodies: () => heard.map((message) => message.body),
    again: (more = {}) => openBench(t, ground, account, { ...options, memory, ...more }),
  };
}

/** A notice of one line. */
export function notice(headline: string): RoomText {
  return { message: { tone: "neutral", headline: [headline] } };
}

/** Waits until something is so; the test's own time limit is the only one. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

/** Waits until the session has followed the stream up to now. */
export async function following(bench: Bench): Promise<void> {
  await until(() => bench.session.health().lastSync !== undefined);
}

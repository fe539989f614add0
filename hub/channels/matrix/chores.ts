import { z } from "zod";
import type { Log } from "../../../core/log.ts";
import { type BackOff, createBackOff } from "./back-off.ts";
import { classifyFailure } from "./homeserver-error.ts";
import type { SessionStorage } from "./storage.ts";

/** What a sync asks for that takes requests of its own, and must not hold up messages. */
const Chore = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("invitation"),
    room: z.string(),
    sender: z.string(),
    isDirect: z.boolean(),
    encrypted: z.boolean(),
    /** The room that the new one says it replaces. */
    predecessor: z.string().optional(),
  }),
  z.object({ kind: z.literal("replacement"), room: z.string() }),
]);
export type Chore = z.output<typeof Chore>;

/** The list of chores, kept so that a restart forgets none: the sync token moves past them. */
export interface Chores {
  /** Durable when it resolves. */
  add(chores: Chore[]): Promise<void>;
  /** Works them off until the signal is aborted. @throws HomeserverError for a refused token */
  run(work: (chore: Chore) => Promise<void>, signal: AbortSignal): Promise<void>;
}

const KEY = "chores";

export function createChores(
  storage: SessionStorage,
  log: Log,
  pauses: { firstMs: number; maxMs: number },
): Chores {
  let list: Chore[] | undefined;
  let wake: () => void = () => undefined;

  async function load(): Promise<Chore[]> {
    if (list !== undefined) return list;
    const stored = JSON.parse((await storage.get(KEY)) ?? "[]") as unknown;
    list ??= z.array(Chore).catch([]).parse(stored);
    return list;
  }

  async function save(next: Chore[]): Promise<void> {
    list = next;
    await storage.set(KEY, next.length === 0 ? undefined : JSON.stringify(next));
  }

  async function attempt(
    chore: Chore,
    work: (chore: Chore) => Promise<void>,
    backOff: BackOff,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await work(chore);
    } catch (thrown) {
      if (signal.aborted) return;
      const failure = classifyFailure(thrown);
      if (failure.fatal) throw thrown;
      if (failure.retry) {
        log.warn({ err: thrown, room: chore.room, chore: chore.kind }, "will be tried again");
        await backOff.pause(signal, failure.afterMs);
        // To the end: one room that does not work must not keep the others waiting.
        const rest = (await load()).filter((other) => other !== chore);
        return save([...rest, chore]);
      }
      log.warn({ err: thrown, room: chore.room, chore: chore.kind }, "given up");
    }
    backOff.reset();
    await save((await load()).filter((other) => other !== chore));
  }

  return {
    async add(chores) {
      if (chores.length === 0) return;
      const known = await load();
      const same = new Set(chores.map((chore) => `${chore.kind} ${chore.room}`));
      await save([...known.filter((old) => !same.has(`${old.kind} ${old.room}`)), ...chores]);
      wake();
    },
    async run(work, signal) {
      const backOff = createBackOff(pauses);
      signal.addEventListener("abort", () => wake());
      while (!signal.aborted) {
        const [first] = await load();
        if (first !== undefined) await attempt(first, work, backOff, signal);
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (signal.aborted) resolve();
          });
        }
      }
    },
  };
}

import type { z } from "zod";
import type { Settings } from "../config.ts";
import type { Log } from "../log.ts";
import type { Message } from "../message.ts";
import type { Registry } from "./registry.ts";

/** Roles, each including those before it. */
export const ROLES = ["reader", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Who asks: a person in a room, at the command line, over HTTP, or the scheduler. */
export interface Caller {
  /** `@user:server`, `local:NAME`, `schedule`, `event:TAG`. */
  name: string;
  role: Role | "none";
  origin: "cli" | "chat" | "http" | "schedule" | "event";
  /** Where the answer goes for chat: a destination such as `matrix:!room:server` or `room:local`. */
  room?: string;
}

/** Done so far of one operation. Any part may be unknown. */
export interface Progress {
  /** What is being done now, a few words. */
  step: string;
  done?: number;
  total?: number;
  unit?: "bytes" | "packages" | "steps";
  /** Packages read so far, where `done` counts their bytes. */
  packages?: number;
  /** What is worked on at this moment; their sum and what is finished are `done`. */
  parts?: { name: string; done: number; total?: number }[];
  /** Of `unit` a second, smoothed. It and the next two are added by the runner. */
  rate?: number;
  packagesRate?: number;
  /** Never negative; missing while nobody can tell. */
  secondsLeft?: number;
}

/** What every part of a running program is given. */
export interface Environment {
  /** Everything that is declared, e.g. to ask all modules about a package. */
  registry: Registry;
  settings: Settings;
  log: Log;
}

/** What an operation may use while it runs. */
export interface OperationContext extends Environment {
  caller: Caller;
  /** Aborted on `cancel`, shutdown or a lost lease. Long work must heed it. */
  signal: AbortSignal;
  /** True: show the plan, write nothing. */
  dryRun: boolean;
  /** Cheap to call often; readers see it at their own pace. */
  progress: (progress: Progress) => void;
}

/** The answer: the same for people (`message`s in order) and for programs (`data`). */
export interface Answer {
  messages: Message[];
  data: unknown;
  /** Lines for the command line instead of the messages, where a contract fixes their form. */
  lines?: string[];
  /** True: it was done, and the verdict is no. The command line then ends with status 1. */
  failed?: boolean;
}

/**
 * Something that can be asked for, declared once in its module. The CLI command, the chat
 * command, the HTTP endpoint, the schedule entry, help, completion and the audit record follow.
 *
 * Parameters are a zod object. Each property carries `.meta({ description, positional?, complete? })`:
 * positional ones are given in the order of declaration, the others as `--kebab-case` flags; an
 * array that is positional takes the rest of the line.
 */
export interface OperationDeclaration<Parameters extends z.ZodObject = z.ZodObject> {
  /** The verb people type. */
  name: string;
  summary: string;
  description?: string;
  /** Complete lines that work, without the program's name: `import bookworm`. */
  examples: string[];
  parameters: Parameters;
  role: Role;
  /**
   * "answer" reads and replies at once. "work" changes things: it is queued, locked, audited with
   * progress, can be cancelled and takes --dry-run. "act" is a quick change (cancel, follow):
   * audited, done at once, no queue.
   */
  kind: "answer" | "act" | "work";
  /** Needs no database: at the command line it runs without opening one, and unrecorded. */
  standalone?: boolean;
  /** Names of what must not be worked on twice at once; taken in sorted order. */
  locks?(parameters: z.output<Parameters>): string[];
  /** Key in `[schedule]` that says when it runs by itself, with its default ("" = never). */
  schedule?: { default: string; parameters: z.input<Parameters> };
  /**
   * Events that ask for this operation, so that nobody waits for the schedule. `parameters` says
   * what to run for an event's data, or null for nothing.
   */
  triggers?: { tags: string[]; parameters(data: unknown): Promise<z.input<Parameters> | null> };
  run(context: OperationContext, parameters: z.output<Parameters>): Promise<Answer>;
}

/** Declares an operation; the types of `run` and `locks` follow from the parameters. */
export function declareOperation<Parameters extends z.ZodObject>(
  declaration: OperationDeclaration<Parameters>,
): OperationDeclaration {
  return declaration;
}

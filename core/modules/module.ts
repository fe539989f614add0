import type { EventDeclaration } from "../events/declare.ts";
import type { Message } from "../message.ts";
import type { Environment, OperationDeclaration } from "../operation/declare.ts";
import type { DistroSection } from "./distro-section.ts";
import type { RecoverySource } from "./recovery.ts";

/**
 * A module of the system: one folder and one line in the list. What it declares here is all that
 * the rest knows of it; commands, endpoints, schedule, help, catalogue and pages follow.
 */
export interface Module {
  /** As in event tags and key files: `archive`, `jobs`, `spears`. */
  name: string;
  summary: string;
  operations?: OperationDeclaration[];
  events?: EventDeclaration[];
  /** Its part of the description of a distribution, for `distro apply` and `distro export`. */
  distro?: DistroSection[];
  /** Which of its events can be found again in the database. */
  recover?: RecoverySource[];
  /** What this module knows about a package, for `why`. Empty when it knows nothing. */
  explain?(packageName: string): Promise<Fact[]>;
  /** What `doctor` looks at: each finding says whether it is well, and what to do if not. */
  check?(environment: Environment): Promise<Message[]>;
  /** Rows of `status`: what this module is doing and how fresh it is. */
  status?(): Promise<Fact[]>;
}

/** One thing a module knows: a line for people and the same for programs. */
export interface Fact {
  message: Message;
  data: Record<string, unknown>;
}

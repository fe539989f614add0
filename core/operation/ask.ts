import { z } from "zod";
import { OperatorError } from "../errors.ts";
import type { Operation } from "../model/operation.ts";
import { recordDecision } from "./audit.ts";
import {
  type Answer,
  type Caller,
  type Environment,
  type OperationDeclaration,
  type Role,
  ROLES,
} from "./declare.ts";
import { parametersOf } from "./parameters.ts";
import { enqueue } from "./queue.ts";
import type { Registry } from "./registry.ts";

/** A wish of somebody, from whichever surface. */
export interface Request {
  operation: string;
  /** Unchecked; as typed or as JSON. */
  parameters: Record<string, unknown>;
  caller: Caller;
  dryRun?: boolean;
}

/** An answer at once, or work that was queued. */
export type Outcome = { answer: Answer } | { queued: Operation };

/**
 * The one door to all operations, for chat, command line, HTTP and schedule: finds it, checks
 * the right, checks the parameters, records the decision, and answers or queues.
 *
 * @throws OperatorError `UNKNOWN_OPERATION`, `FORBIDDEN` (names the missing role), `BAD_ARGUMENTS`
 */
export async function ask(environment: Environment, request: Request): Promise<Outcome> {
  const admitted = await admit(environment.registry, request);
  if (admitted.declaration.kind === "work") return { queued: await enqueue(admitted) };
  return { answer: await runAtOnce(environment, admitted) };
}

/** A request that passed the door: allowed, checked and recorded. */
export interface Admitted {
  declaration: OperationDeclaration;
  parameters: Record<string, unknown>;
  caller: Caller;
  dryRun: boolean;
}

/** The checks of `ask` alone, for surfaces that run work themselves. Same errors. */
export async function admit(registry: Registry, request: Request): Promise<Admitted> {
  const declaration = registry.operations.get(request.operation);
  if (declaration === undefined) {
    throw new OperatorError(
      "UNKNOWN_OPERATION",
      `There is no operation ${request.operation}.`,
      "Type help for a list.",
      { exitStatus: 2 },
    );
  }
  const record = {
    caller: request.caller,
    operation: declaration.name,
    arguments: request.parameters,
  };
  if (!mayRun(request.caller.role, declaration.role)) {
    const reason = `needs the role ${declaration.role}, has ${request.caller.role}`;
    await recordDecision({ ...record, decision: "refused", reason });
    throw forbidden(declaration, request.caller);
  }
  const parameters = checkParameters(declaration, request.parameters);
  if (namesFile(declaration, parameters) && !isHere(request.caller)) {
    throw commandLineOnly(declaration);
  }
  if (declaration.kind !== "answer") {
    const reason = `has the role ${request.caller.role}`;
    await recordDecision({ ...record, decision: "allowed", reason });
  }
  return { declaration, parameters, caller: request.caller, dryRun: request.dryRun ?? false };
}

/** True when a role includes another. */
export function mayRun(has: Role | "none", needs: Role): boolean {
  return has !== "none" && ROLES.indexOf(has) >= ROLES.indexOf(needs);
}

/** Runs an answer or a quick act and returns what it says. */
export function runAtOnce(
  environment: Environment,
  admitted: Admitted,
  signal?: AbortSignal,
): Promise<Answer> {
  return admitted.declaration.run(
    {
      ...environment,
      caller: admitted.caller,
      signal: signal ?? new AbortController().signal,
      dryRun: admitted.dryRun,
      progress: () => undefined,
    },
    admitted.parameters,
  );
}

/** Paths mean this machine's files, so whoever names one has to sit at it. */
function namesFile(
  declaration: OperationDeclaration,
  parameters: Record<string, unknown>,
): boolean {
  return parametersOf(declaration).some(
    ({ name, complete }) => complete === "file" && parameters[name] !== undefined,
  );
}

function isHere({ origin }: Caller): boolean {
  return origin !== "chat" && origin !== "http";
}

/** The refusal of what works on files of this machine and was asked for from elsewhere. */
export function commandLineOnly(declaration: OperationDeclaration): OperatorError {
  return new OperatorError(
    "CLI_ONLY",
    `${declaration.name} works on files of the machine itself and not from elsewhere.`,
    `At its command line: lk ${declaration.examples[0] ?? declaration.name}`,
    { exitStatus: 2 },
  );
}

function forbidden(declaration: OperationDeclaration, caller: Caller): OperatorError {
  const has = caller.role === "none" ? "no role here" : `the role ${caller.role}`;
  return new OperatorError(
    "FORBIDDEN",
    `${declaration.name} needs the role ${declaration.role}; ${caller.name} has ${has}.`,
    `An admin can grant it: role grant ${declaration.role} ${caller.name}`,
  );
}

/**
 * Checks parameters against the declaration.
 *
 * @throws OperatorError `BAD_ARGUMENTS` with every fault and an example
 */
export function checkParameters(
  declaration: OperationDeclaration,
  input: Record<string, unknown>,
): Record<string, unknown> {
  const parsed = z.strictObject(declaration.parameters.shape).safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? `unknown parameter ${issue.keys.join(", ")}`
      : `${issue.path.join(".") || declaration.name}: ${issue.message}`,
  );
  throw new OperatorError(
    "BAD_ARGUMENTS",
    `${declaration.name}: ${faults.join("; ")}.`,
    `For example: ${declaration.examples[0] ?? declaration.name}`,
    { exitStatus: 2 },
  );
}

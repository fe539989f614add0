import { mayRun } from "../core/operation/ask.ts";
import type { OperationDeclaration, Role } from "../core/operation/declare.ts";
import { parametersOf } from "../core/operation/parameters.ts";
import type { Registry } from "../core/operation/registry.ts";

/**
 * Whether an operation makes sense in a room. What takes files of the machine does not: a line in
 * a room must not name what the server reads or writes.
 */
export function isForRooms(operation: OperationDeclaration): boolean {
  if (operation.standalone === true) return false;
  return !parametersOf(operation).some((one) => one.complete === "file");
}

/** What somebody with this role may ask for in a room. */
export function offeredTo(registry: Registry, role: Role | "none"): OperationDeclaration[] {
  return [...registry.operations.values()].filter(
    (operation) => isForRooms(operation) && mayRun(role, operation.role),
  );
}

/** The operation that the words begin with, by its longest name. */
export function operationNamed(
  registry: Registry,
  words: string[],
): OperationDeclaration | undefined {
  for (let count = Math.min(words.length, 2); count > 0; count--) {
    const operation = registry.operations.get(words.slice(0, count).join(" "));
    if (operation !== undefined) return operation;
  }
  return undefined;
}

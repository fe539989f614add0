import type { EventDeclaration } from "../events/declare.ts";
import type { Fact, Module } from "../modules/module.ts";
import type { OperationDeclaration } from "./declare.ts";

/** All that the modules of a program declare, found by name. */
export interface Registry {
  modules: readonly Module[];
  operations: ReadonlyMap<string, OperationDeclaration>;
  events: ReadonlyMap<string, EventDeclaration>;
  /** What all modules know about a package, in the order of the modules. */
  explain(packageName: string): Promise<Fact[]>;
  /** The status rows of all modules. */
  status(): Promise<Fact[]>;
}

/**
 * Collects what modules declare.
 *
 * @throws Error when two declare the same module, operation or event
 */
export function createRegistry(modules: readonly Module[]): Registry {
  const names = new Map<string, Module>();
  const operations = new Map<string, OperationDeclaration>();
  const events = new Map<string, EventDeclaration>();
  for (const module of modules) {
    addOnce(names, module.name, module, "module");
    for (const operation of module.operations ?? []) {
      addOnce(operations, operation.name, operation, "operation");
    }
    for (const event of module.events ?? []) addOnce(events, event.tag, event, "event");
  }
  return {
    modules,
    operations,
    events,
    explain: (name) => collect(modules.map((module) => module.explain?.(name))),
    status: () => collect(modules.map((module) => module.status?.())),
  };
}

function addOnce<Value>(map: Map<string, Value>, name: string, value: Value, what: string): void {
  if (map.has(name)) throw new Error(`the ${what} ${name} is declared twice`);
  map.set(name, value);
}

async function collect(asked: (Promise<Fact[]> | undefined)[]): Promise<Fact[]> {
  const given = asked.filter((promise) => promise !== undefined);
  return (await Promise.all(given)).flat();
}

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../../core/config.ts";
import { silentLog } from "../../core/log.ts";
import type { Module } from "../../core/modules/module.ts";
import type { Caller, Environment } from "../../core/operation/declare.ts";
import { createRegistry } from "../../core/operation/registry.ts";

/** What a running program is given, for tests: built-in defaults, a data directory of its own. */
export function testEnvironment(modules: Module[], config?: string): Environment {
  const dataDirectory = mkdtempSync(join(tmpdir(), "lk-data-"));
  return {
    registry: createRegistry(modules),
    settings: loadSettings({ dataDirectory, file: config }),
    log: silentLog(),
  };
}

export const ADMIN: Caller = { name: "local:test", role: "admin", origin: "cli" };
export const STRANGER: Caller = {
  name: "@stranger:example.org",
  role: "none",
  origin: "chat",
  room: "room:local",
};

import { userInfo } from "node:os";
import { Command, CommanderError } from "commander";
import { failure, runOperation } from "./core/cli/run-operation.ts";
import type { Terminal } from "./core/cli/terminal.ts";
import { loadSettings } from "./core/config.ts";
import { createLog } from "./core/log.ts";
import { coreModules } from "./core/modules/index.ts";
import { addOperations } from "./core/operation/command.ts";
import type { Environment } from "./core/operation/declare.ts";
import { createRegistry } from "./core/operation/registry.ts";

const registry = createRegistry([...coreModules]);

const program = new Command("lk")
  .description(
    "Laniakea runs a Debian derivative: archives, migrations, builds, and the news of them.",
  )
  .option("--config <file>", "configuration (default ./config.toml, /etc/laniakea/config.toml)")
  .option("--data <directory>", "state of this machine (default $LK_DATA_DIR, ./var)")
  .option("--json", "print JSON, for programs")
  .option("--verbose", "log more")
  .showHelpAfterError("Type lk help for a list.")
  .exitOverride();

interface Flags {
  config?: string;
  data?: string;
  json?: boolean;
  verbose?: boolean;
}

function terminal(): Terminal {
  return { out: process.stdout, err: process.stderr, json: program.opts<Flags>().json === true };
}

function environment(level?: string): Environment {
  const { config, data, verbose } = program.opts<Flags>();
  const settings = loadSettings({
    file: config,
    dataDirectory: data ?? process.env["LK_DATA_DIR"],
  });
  const log = createLog({
    level: verbose === true ? "debug" : (level ?? settings.config.log.level),
    pretty: process.stderr.isTTY,
  });
  return { registry, settings, log };
}

addOperations(program, registry.operations.values(), async (typed) => {
  const caller = { name: `local:${userInfo().username}`, role: "admin", origin: "cli" } as const;
  process.exitCode = await runOperation(
    environment("warn"),
    typed,
    terminal(),
    caller,
    () => undefined,
  );
});

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  else process.exitCode = failure(thrown, terminal());
}

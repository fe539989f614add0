import { userInfo } from "node:os";
import { join } from "node:path";
import { Command, CommanderError, Option } from "commander";
import tab from "@bomb.sh/tab/commander";
import { botModule } from "./bot/module.ts";
import { PARTS, type PartName } from "./core/cli/parts.ts";
import { failure, runOperation } from "./core/cli/run-operation.ts";
import { printReplay, type ReplayFlags } from "./core/cli/replay.ts";
import { printEvents } from "./core/cli/tail.ts";
import { PROGRESS_MODES, type ProgressMode, type Terminal } from "./core/cli/terminal.ts";
import { loadSettings } from "./core/config.ts";
import { database } from "./core/database/connect.ts";
import { setUpEvents } from "./core/events/setup.ts";
import { createLog } from "./core/log.ts";
import { coreModules } from "./core/modules/index.ts";
import { addOperations } from "./core/operation/command.ts";
import type { Environment, OperationDeclaration } from "./core/operation/declare.ts";
import { createRegistry } from "./core/operation/registry.ts";
import { defineHubModels } from "./hub/model/index.ts";
import { hubModule } from "./hub/module.ts";

const registry = createRegistry([...coreModules, hubModule, botModule]);

const program = new Command("lk")
  .description("Runs a Debian derivative: archives, migrations, builds, and the news of them.")
  .option("--config <file>", "configuration (default ./config.toml, /etc/laniakea/config.toml)")
  .option("--data <directory>", "state of this machine (default $LK_DATA_DIR, ./var)")
  .option("--json", "print JSON, for programs")
  .addOption(
    new Option("--progress <how>", "on standard error: bars (on a terminal), JSON each second")
      .choices(PROGRESS_MODES)
      .default("bar"),
  )
  .option("--verbose", "log more")
  .showHelpAfterError("Type lk help for a list.")
  .exitOverride();

interface Flags {
  config?: string;
  data?: string;
  json?: boolean;
  progress: ProgressMode;
  verbose?: boolean;
}

function terminal(): Terminal {
  const { json, progress } = program.opts<Flags>();
  return { out: process.stdout, err: process.stderr, json: json === true, progress };
}

function environment(options: { quiet: boolean; room?: boolean }): Environment {
  const { config, data, verbose } = program.opts<Flags>();
  const settings = loadSettings({
    file: config,
    dataDirectory: data ?? process.env["LK_DATA_DIR"],
  });
  const level = options.quiet ? "error" : settings.config.log.level;
  const log = createLog({
    level: verbose === true ? "debug" : level,
    pretty: process.stderr.isTTY,
    // In a terminal `lk up` is a room to type in; log lines would tear it apart.
    ...(options.room === true && process.stdin.isTTY
      ? { file: join(settings.dataDirectory, "lk.log") }
      : {}),
  });
  return { registry, settings, log };
}

// "help" is commander's own here; in rooms it is an operation that knows who asks.
const operations = [...registry.operations.values()].filter(({ name }) => name !== "help");
addOperations(program, thoseNamed(operations), async (typed) => {
  const here = environment({ quiet: true });
  const caller = { name: `local:${userInfo().username}`, role: "admin", origin: "cli" } as const;
  setUpEvents(here);
  process.exitCode = await runOperation(here, typed, terminal(), caller, () =>
    defineHubModels(database().sequelize),
  );
});

/**
 * Making the options of all commands is a tenth of the start of a short one: where a command is
 * named, only those that can be meant are made.
 */
function thoseNamed(all: OperationDeclaration[]): OperationDeclaration[] {
  const words = process.argv.slice(2);
  if (words[0] === "complete") return all;
  const named = all.filter(({ name }) => words.includes(name.split(" ")[0] ?? ""));
  return named.length > 0 ? named : all;
}

for (const name of Object.keys(PARTS) as PartName[]) {
  program
    .command(name)
    .description(PARTS[name])
    .action(async () => {
      // Matrix, mail and the web: half a second of loading that no other command needs.
      const { runParts } = await import("./lk-parts.ts");
      return runParts(name, environment({ quiet: false, room: name === "up" }));
    });
}

const event = program.commands.find((command) => command.name() === "event");
event
  ?.command("tail")
  .description("show events of the bus as they come, until interrupted")
  .action(() => printEvents(environment({ quiet: true }), terminal()));
event
  ?.command("replay")
  .description("show events that Lighthouse published, oldest first")
  .option("--since <when>", "from a number (17), a time (2026-11-22T10:00Z), or how long ago (2h)")
  .option("--until <when>", "to a number, up to a time, or how long ago")
  .option("--tag <glob>", "only these tags, * and ? stand for anything")
  .option("--uuid <uuid>", "only this event")
  .option("--from <endpoint>", "replay endpoint to ask (default: as configured)")
  .action((flags: ReplayFlags) => printReplay(environment({ quiet: true }), terminal(), flags));

program.commands
  .find((command) => command.name() === "mail")
  ?.command("receive")
  .description("take a mail on standard input, as a mail server's alias or pipe calls it")
  .argument("[recipient]", "of the envelope (default: $RECIPIENT)")
  .option("--sender <address>", "of the envelope (default: $SENDER)")
  .action(async (recipient: string | undefined, { sender }: { sender?: string }) => {
    const { takePipedMail } = await import("./hub/mail/pipe.ts");
    process.exitCode = await takePipedMail({
      input: process.stdin,
      errors: process.stderr,
      settings: () => environment({ quiet: true }).settings,
      recipient: recipient ?? process.env["RECIPIENT"],
      sender: sender ?? process.env["SENDER"],
    });
  });

tab(program);

// A reader that has seen enough (`lk manual | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 70);
});

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (thrown) {
    if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
    else process.exitCode = failure(thrown, terminal());
  }
}

void main();

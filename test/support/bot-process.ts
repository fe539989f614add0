import { createBot } from "../../bot/main.ts";
import { connect, type DatabaseAddress } from "../../core/database/connect.ts";
import { createRunner } from "../../core/operation/runner.ts";
import { roomEnvironment } from "./room.ts";

// A bot and a runner in a process of their own, for tests to kill.
// Argument: the database's address as JSON.
await connect(JSON.parse(process.argv[2] ?? "{}") as DatabaseAddress);
const environment = roomEnvironment();
await createRunner(environment).start();
await createBot(environment).start();
process.stdout.write("ready\n");

import { connect, type DatabaseAddress } from "../../core/database/connect.ts";
import { defineHubModels } from "../../hub/model/index.ts";
import { createFlushing } from "../../hub/pacing/pacing.ts";
import { testPacing } from "../support/pacing.ts";

/** Tells what is due until it is killed; its argument is the database as JSON. */
const address = JSON.parse(process.argv[2] ?? "{}") as DatabaseAddress;
defineHubModels((await connect(address)).sequelize);
await createFlushing(testPacing).start();
process.stdout.write("ready\n");

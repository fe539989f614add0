import test from "ava";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { openCopy } from "../../../core/database/copy-stream.ts";
import { transactionClient } from "../../../core/database/transaction.ts";
import { testDatabase } from "../../support/database.ts";

test.before(testDatabase);
test.after.always(() => database().close());

test("what is written after the server refused says why it refused", async (t) => {
  const copied = inTransaction(async () => {
    const copy = openCopy(transactionClient(), "schema_migration", ["no_such_column"]);
    for (let n = 0; n < 1_000; n++) {
      // The next write is to come whenever the answer may have come in.
      await new Promise((resolve) => setImmediate(resolve));
      await copy.write(Buffer.alloc(64));
    }
    await copy.end(Buffer.alloc(0));
  });
  await t.throwsAsync(copied, { message: /no_such_column/ });
});

test("a copy that was refused can be ended and given up, and the connection goes on", async (t) => {
  await t.throwsAsync(
    inTransaction(async () => {
      const copy = openCopy(transactionClient(), "no_such_table", ["id"]);
      await t.throwsAsync(copy.end(Buffer.alloc(64)), { message: /no_such_table/ });
      await copy.abort(new Error("given up"));
      await t.throwsAsync(copy.write(Buffer.alloc(64)), { message: /no_such_table/ });
      throw new Error("rolled back");
    }),
    { message: "rolled back" },
  );
  t.deepEqual(await database().query("select 1 as one"), [{ one: 1 }]);
});

import test from "ava";
import { connect, database, inTransaction } from "../../../core/database/connect.ts";
import { migrations } from "../../../core/database/migrations/index.ts";
import { together, transactionClient } from "../../../core/database/transaction.ts";
import { RoleGrant } from "../../../core/model/access.ts";
import { testDatabase, testDatabaseAddress } from "../../support/database.ts";

test.before(async () => {
  await testDatabase();
});
test.after.always(() => database().close());

function grant(principal: string): Promise<RoleGrant> {
  return RoleGrant.create({ principal, role: "reader", grantedBy: "test" });
}

test.serial("models and raw SQL join the running transaction and vanish together", async (t) => {
  await t.throwsAsync(
    inTransaction(async () => {
      await grant("@a:example.org");
      await Promise.all([grant("@b:example.org"), grant("@c:example.org")]);
      const rows = await database().query("select 1 from role_grant");
      t.is(rows.length, 3);
      throw new Error("undo");
    }),
    { message: "undo" },
  );
  t.is(await RoleGrant.count(), 0);
});

test.serial("a nested transaction joins the outer one", async (t) => {
  await inTransaction(async () => {
    const outer = transactionClient();
    await inTransaction(async () => {
      t.is(transactionClient(), outer);
      await grant("@d:example.org");
    });
  });
  t.is(await RoleGrant.count(), 1);
});

test.serial("what runs outside does not see what is not committed", async (t) => {
  const before = await RoleGrant.count();
  let seen = -1;
  let release: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => (release = resolve));
  const writing = inTransaction(async () => {
    await grant("@e:example.org");
    await waiting;
  });
  seen = await RoleGrant.count();
  release();
  await writing;
  t.is(seen, before);
  t.is(await RoleGrant.count(), before + 1);
});

test("raw work outside a transaction is refused", (t) => {
  t.throws(() => transactionClient(), { message: /outside/ });
});

test.serial("statements sent together answer in order, prepared ones too", async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const got = await inTransaction(() =>
      together(() => [
        database().prepared("select $1::int as n", [round]),
        database().query("select 2 as n"),
        Promise.resolve("at once"),
        database().prepared("select $1::int as n", [3]),
      ]),
    );
    t.deepEqual(got, [[{ n: round }], [{ n: 2 }], "at once", [{ n: 3 }]]);
  }
});

test.serial(
  "the first of statements sent together that fails says why; none is kept",
  async (t) => {
    const before = await RoleGrant.count();
    const insert = `insert into role_grant (principal, role, granted_by)
                  values ('@f:example.org', 'reader', 'test')`;
    const failing = inTransaction(() =>
      together(() => [
        database().query(insert),
        database().query("select 1 / 0"),
        database().query(insert),
      ]),
    );
    await t.throwsAsync(failing, { message: /division by zero/ });
    t.is(await RoleGrant.count(), before);
    // The connection went back to the pool in order.
    const rows = await Promise.all(
      [1, 2, 3, 4].map((n) => inTransaction(() => database().query("select $1::int as n", [n]))),
    );
    t.deepEqual(rows.flat(), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
  },
);

test.serial("migrations run once, and a database of a newer version is refused", async (t) => {
  const address = await testDatabaseAddress();
  const other = await connect(address);
  const rows = await other.query<{ name: string }>("select name from schema_migration order by 1");
  t.deepEqual(
    rows.map((row) => row.name),
    migrations.map((migration) => migration.name).toSorted(),
  );
  await other.query("insert into schema_migration (name) values ('999-future')");
  await other.close();
  await t.throwsAsync(connect(address), { message: /999-future/ });
  await testDatabase();
});

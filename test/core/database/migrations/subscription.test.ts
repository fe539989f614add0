import test from "ava";
import { database } from "../../../../core/database/connect.ts";
import { migrations } from "../../../../core/database/migrations/index.ts";
import { parseExpression } from "../../../../hub/routing/expression/parse.ts";
import { testDatabase } from "../../../support/database.ts";

test.before(testDatabase);
test.after.always(() => database().close());

test("rules of the old table become subscriptions that say the same", async (t) => {
  const client = await database().client();
  await client.query("drop schema public cascade; create schema public");
  for (const { name, sql } of migrations) {
    if (name === "020-subscription") break;
    await client.query(sql);
  }
  await client.query(`insert into route
      (destination, tags, repositories, suites, packages, enabled, owner, created_by) values
    ('room:local', '{}', '{}', '{sid,forky*}', '{bash}', true, 'anna', 'anna'),
    ('room:local', '{_lk.debcheck.*}', '{}', '{}', '{}', true, 'anna', 'anna'),
    ('room:local', '{}', '{}', '{}', '{}', true, 'anna', 'anna'),
    ('email:b@example.org', '{}', '{master}', '{}', '{zsh,linux-*}', false, 'ben', 'ben')`);
  await client.query(migrations.find(({ name }) => name === "020-subscription")?.sql ?? "");
  const { rows } = await client.query(
    `select kind, value, condition, owner, ended_at is null as follows, version::int
       from subscription order by id`,
  );
  await client.end();
  t.deepEqual(
    rows.map((row) => [row.kind, row.value, row.condition, row.owner, row.follows]),
    [
      ["package", "bash", '(suite ~ "sid" or suite ~ "forky*")', "anna", true],
      ["matching", "", '(tag ~ "_lk.debcheck.*")', "anna", true],
      ["matching", "", "", "anna", true],
      [
        "matching",
        "",
        '(package ~ "zsh" or package ~ "linux-*") and (repository ~ "master")',
        "ben",
        false,
      ],
    ],
  );
  t.true(rows.every((row) => row.version > 0));
  for (const row of rows) t.notThrows(() => parseExpression(row.condition));
});

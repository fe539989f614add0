import test from "ava";
import { loadRole } from "../../bot/permissions.ts";
import { database } from "../../core/database/connect.ts";
import { silentLog } from "../../core/log.ts";
import { RoleGrant } from "../../core/model/access.ts";
import { testDatabase } from "../support/database.ts";
import { ANNA, grant, OPS } from "../support/room.ts";

const options = { localRole: "operator", log: silentLog() } as const;

test.before(() => testDatabase().then(() => undefined));
test.after.always(() => database().close());
test.beforeEach(() =>
  database()
    .query("truncate role_grant")
    .then(() => undefined),
);

test.serial("the role comes from the table", async (t) => {
  t.is(await loadRole(ANNA, OPS, options), "none");
  await grant("*:example.org", "reader");
  await grant(ANNA, "admin", OPS);
  t.is(await loadRole(ANNA, OPS, options), "admin");
  t.is(await loadRole(ANNA, "room:local", options), "reader");
});

test.serial("people of this machine have the configured role in the local room", async (t) => {
  t.is(await loadRole("local:anna", "room:local", options), "operator");
  t.is(await loadRole("local:anna", OPS, options), "none");
  t.is(await loadRole(ANNA, "room:local", options), "none");
  await grant("local:anna", "admin", "room:local");
  t.is(await loadRole("local:anna", "room:local", options), "admin");
  await RoleGrant.create({ principal: "*", role: "operator", denied: true, grantedBy: "test" });
  t.is(await loadRole("local:anna", "room:local", options), "reader");
});

test.serial("a table that cannot be read gives nobody a role", async (t) => {
  await grant(ANNA, "admin");
  await database().query("alter table role_grant rename to role_grant_away");
  t.is(await loadRole(ANNA, OPS, options), "none");
  t.is(await loadRole("local:anna", "room:local", options), "none");
  await database().query("alter table role_grant_away rename to role_grant");
  t.is(await loadRole(ANNA, OPS, options), "admin");
});

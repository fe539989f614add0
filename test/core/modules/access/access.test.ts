import test from "ava";
import { database } from "../../../../core/database/connect.ts";
import { OperatorError } from "../../../../core/errors.ts";
import { renderText } from "../../../../core/message.ts";
import { RoleGrant } from "../../../../core/model/access.ts";
import { access } from "../../../../core/modules/access/index.ts";
import { ask } from "../../../../core/operation/ask.ts";
import type { Answer, Caller } from "../../../../core/operation/declare.ts";
import { testDatabase } from "../../../support/database.ts";
import { ADMIN, testEnvironment } from "../../../support/environment.ts";

const environment = testEnvironment([access]);

test.before(() => testDatabase());
test.after.always(() => database().close());
test.beforeEach(() =>
  database()
    .query("truncate role_grant")
    .then(() => undefined),
);

async function run(
  operation: string,
  parameters: Record<string, unknown> = {},
  caller: Caller = ADMIN,
): Promise<Answer> {
  const outcome = await ask(environment, { operation, parameters, caller });
  if (!("answer" in outcome)) throw new Error("it was queued");
  return outcome.answer;
}

function text(answer: Answer): string {
  return answer.messages.map(renderText).join("\n");
}

const ben = { role: "operator", who: "@ben:example.org" };

test.serial("a role is granted once, by name", async (t) => {
  t.regex(text(await run("role grant", ben)), /@ben:example.org is now operator everywhere/);
  t.regex(text(await run("role grant", ben)), /is already operator/);
  const [row, ...others] = await RoleGrant.findAll();
  t.is(others.length, 0);
  t.like(row?.toJSON(), { principal: ben.who, role: "operator", room: "*", denied: false });
  t.is(row?.grantedBy, ADMIN.name);
});

test.serial("a grant under a denial says that it does not help", async (t) => {
  t.regex(text(await run("role deny", ben)), /can no longer be operator or more everywhere/);
  const granted = await run("role grant", { ...ben, role: "admin" });
  t.regex(text(granted), /A denial of operator still holds/);
  t.notRegex(text(await run("role grant", { ...ben, role: "reader" })), /denial/);
});

test.serial("grants and denials are taken back separately", async (t) => {
  await run("role grant", ben);
  await run("role deny", ben);
  await run("role revoke", ben);
  t.true((await RoleGrant.findOne())?.denied);
  const error = await t.throwsAsync(run("role revoke", ben), { instanceOf: OperatorError });
  t.is(error?.code, "NO_GRANT");
  t.regex(error?.hint ?? "", /never operator everywhere/);
  await run("role revoke", { ...ben, denial: true });
  t.is(await RoleGrant.count(), 0);
});

test.serial("a room is a Matrix id, a pattern, or here", async (t) => {
  await run("role grant", { ...ben, room: "!ops:example.org" });
  await run("role grant", { ...ben, room: "matrix:*" });
  const caller: Caller = { ...ADMIN, origin: "chat", room: "matrix:!here:example.org" };
  await run("role grant", { ...ben, room: "here" }, caller);
  const rooms = (await RoleGrant.findAll({ order: ["room"] })).map((row) => row.room);
  t.deepEqual(rooms, ["matrix:!here:example.org", "matrix:!ops:example.org", "matrix:*"].sort());
  await t.throwsAsync(run("role grant", { ...ben, room: "here" }), { message: /no room here/ });
});

const wrong: [string, Record<string, unknown>][] = [
  ["who", { ...ben, who: "ben" }],
  ["who", { ...ben, who: "@ben" }],
  ["who", { ...ben, who: "@ben :example.org" }],
  ["who", { ...ben, who: "#room:example.org" }],
  ["who", { ...ben, who: "@*a*b*c*:x" }],
  ["who", { ...ben, who: `@${"a".repeat(255)}:x` }],
  ["room", { ...ben, room: "#ops:example.org" }],
  ["room", { ...ben, room: "matrix:ops" }],
  ["room", { ...ben, room: "email:a@b" }],
  ["role", { ...ben, role: "emperor" }],
];
for (const [field, parameters] of wrong) {
  test.serial(`refused: ${JSON.stringify(parameters).slice(0, 90)}`, async (t) => {
    const error = await t.throwsAsync(run("role grant", parameters), {
      instanceOf: OperatorError,
    });
    t.is(error?.code, "BAD_ARGUMENTS");
    t.regex(error?.message ?? "", new RegExp(field));
    t.is(await RoleGrant.count(), 0);
  });
}

test.serial("the list shows who, what, where and by whom", async (t) => {
  t.regex(text(await run("role list")), /Nobody has a role yet/);
  await run("role grant", ben);
  await run("role deny", { ...ben, role: "admin" });
  const listed = text(await run("role list"));
  t.regex(listed, /@ben:example.org +operator +\* +local:test/);
  t.regex(listed, /@ben:example.org +never admin/);
});

test.serial("only admins may", async (t) => {
  for (const name of environment.registry.operations.keys()) {
    const error = await t.throwsAsync(run(name, {}, { ...ADMIN, role: "operator" }));
    t.is((error as OperatorError).code, "FORBIDDEN", name);
  }
});

test.serial("the audit lists decisions, newest first, and by whom", async (t) => {
  await run("role grant", { ...ben, who: "@first:example.org" });
  await run("role grant", { ...ben, who: "@second:example.org" });
  await t.throwsAsync(run("role list", {}, { ...ADMIN, name: "@eve:evil.org", role: "none" }));
  const all = await run("audit list", { last: 3 });
  const rows = all.data as { caller: string; decision: string }[];
  t.is(rows.length, 3);
  t.like(rows[0], { caller: "@eve:evil.org", decision: "refused" });
  t.regex(text(all), /@second:example.org/);
  t.notRegex(text(await run("audit list", { caller: "@eve:evil.org" })), /@second/);
  const refused = (await run("audit list", { refused: true })).data as { decision: string }[];
  t.true(refused.length > 0 && refused.every(({ decision }) => decision === "refused"));
  t.regex(text(await run("audit list", { caller: "@nobody:x" })), /No such decision/);
});

test.serial("a changed record is found", async (t) => {
  await run("role grant", ben);
  t.regex(text(await run("audit verify")), /The audit is whole: \d+ records/);
  const [row] = await database().query<{ id: string }>("select max(id) as id from audit");
  await database().query("update audit set caller = 'nobody' where id = $1", [row?.id]);
  const broken = await run("audit verify");
  t.true(broken.failed);
  t.like(broken.data, { brokenAt: row?.id });
  t.regex(text(broken), new RegExp(`record ${row?.id} was changed`));
  await database().query("update audit set caller = $2 where id = $1", [row?.id, ADMIN.name]);
});

import test from "ava";
import { answerHelp } from "../../../bot/commands/help.ts";
import { understand } from "../../../bot/conversation.ts";
import { isForRooms } from "../../../bot/offered.ts";
import { OperatorError } from "../../../core/errors.ts";
import { plainLine, renderText } from "../../../core/message.ts";
import { type Caller, type Role, ROLES } from "../../../core/operation/declare.ts";
import { admit, mayRun } from "../../../core/operation/ask.ts";
import { database } from "../../../core/database/connect.ts";
import { testDatabase } from "../../support/database.ts";
import { roomEnvironment } from "../../support/room.ts";

const { registry } = roomEnvironment();

test.before(() => testDatabase());
test.after.always(() => database().close());

function caller(role: Role | "none"): Caller {
  return { name: "@anna:example.org", role, origin: "chat", room: "matrix:!ops:example.org" };
}

function listed(role: Role | "none"): string[] {
  const rows = answerHelp(registry, caller(role), []).messages[0]?.table?.rows ?? [];
  return rows.map((row) => row[1] ?? "");
}

for (const role of ["none", ...ROLES] as const) {
  test(`help lists for ${role} exactly what the door lets through`, async (t) => {
    const shown = new Set(listed(role));
    t.is(shown.size, listed(role).length);
    for (const operation of registry.operations.values()) {
      const passes = await admit(registry, {
        operation: operation.name,
        parameters: { typed: "" },
        caller: caller(role),
      }).then(
        () => true,
        (thrown: unknown) => thrown instanceof OperatorError && thrown.code === "BAD_ARGUMENTS",
      );
      t.is(passes, mayRun(role, operation.role), operation.name);
      t.is(shown.has(operation.name), passes && isForRooms(operation), operation.name);
      const usable = !isThrown(() => understand(registry, caller(role), operation.name.split(" ")));
      if (shown.has(operation.name)) t.true(usable || needsArguments(operation.name));
    }
  });
}

function isThrown(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

function needsArguments(name: string): boolean {
  const schema = registry.operations.get(name)?.parameters;
  return schema?.safeParse({}).success === false;
}

test("every example of every command is understood as that command", (t) => {
  for (const operation of registry.operations.values()) {
    if (!isForRooms(operation)) continue;
    for (const example of operation.examples) {
      const line = understand(registry, caller("admin"), example.split(" "));
      t.false("help" in line, example);
      if ("help" in line) continue;
      t.is(line.operation, operation, example);
      const parsed = operation.parameters.safeParse(line.parameters);
      t.true(parsed.success, example);
    }
  }
});

test("commands are grouped by module, each group named once", (t) => {
  const rows = answerHelp(registry, caller("admin"), []).messages[0]?.table?.rows ?? [];
  const groups = rows.map((row) => row[0]).filter((name) => name !== "");
  t.deepEqual(groups, ["test", "answers", "work", "access", "bot"]);
});

test("help for one command shows usage, parts, examples and the role", (t) => {
  const [message] = answerHelp(registry, caller("operator"), ["import"]).messages;
  const text = message === undefined ? "" : renderText(message);
  t.regex(text, /import: bring suites in/);
  t.regex(text, /Usage: import \[suites\.\.\.\].*\[--dry-run\]/);
  t.regex(text, /For example: import demo/);
  t.regex(text, /--steps +how long/);
  t.regex(text, /Needs the role operator, which you have here/);
  const [other] = answerHelp(registry, caller("reader"), ["import"]).messages;
  t.regex(other === undefined ? "" : renderText(other), /operator, and here you have reader/);
});

test("help for a group lists its commands, for the unknown the nearest", (t) => {
  const [group] = answerHelp(registry, caller("admin"), ["role"]).messages;
  t.deepEqual(
    group?.table?.rows.map((row) => row[0]),
    ["role grant", "role revoke", "role deny", "role list"],
  );
  t.is(plainLine(group?.headline ?? []), "role");
  const error = t.throws(() => answerHelp(registry, caller("admin"), ["imprt"]), {
    instanceOf: OperatorError,
  });
  t.regex(error?.hint ?? "", /import/);
  // A group of which nothing may be used does not show.
  t.throws(() => answerHelp(registry, caller("reader"), ["role"]), { instanceOf: OperatorError });
});

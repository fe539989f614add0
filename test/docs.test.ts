import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { botModule } from "../bot/module.ts";
import { coreModules } from "../core/modules/index.ts";
import { commandsPage, eventsPage } from "../core/modules/care/manual.ts";
import { parseWords } from "../core/operation/command.ts";
import { createRegistry } from "../core/operation/registry.ts";
import { parseTomlText } from "../core/toml.ts";
import { channelKinds } from "../hub/channels/index.ts";
import { hubModule } from "../hub/module.ts";
import { routeFileSchema } from "../hub/routing/tree/schema.ts";

const registry = createRegistry([...coreModules, hubModule, botModule]);

test("docs/commands.md is what the declarations say", (t) => {
  t.is(readFileSync("docs/commands.md", "utf8"), `${commandsPage(registry).trimEnd()}\n`);
});

test("docs/events.md is what the declarations say", (t) => {
  t.is(readFileSync("docs/events.md", "utf8"), `${eventsPage(registry).trimEnd()}\n`);
});

test("every operation has words, examples that parse, and a description for each parameter", (t) => {
  for (const operation of registry.operations.values()) {
    t.true(operation.examples.length > 0, operation.name);
    for (const example of operation.examples) {
      const words = [...example.matchAll(/'([^']*)'|(\S+)/g)].map(([, a, b]) => a ?? b ?? "");
      const parsed = parseWords(registry.operations.values(), words, { program: "lk" });
      t.is("operation" in parsed && parsed.operation.name, operation.name, example);
    }
    for (const [name, schema] of Object.entries(operation.parameters.shape)) {
      const { description } = schema.meta?.() ?? {};
      t.truthy(description, `${operation.name}: ${name} has no description`);
    }
  }
});

test("docs/errors.md lists every code that is thrown, and no other", (t) => {
  const thrown = new Set<string>();
  for (const folder of ["core", "hub", "bot"]) {
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const text = readFileSync(join(folder, name), "utf8");
      for (const [, code] of text.matchAll(/OperatorError\(\s*"([A-Z_]+)"/g))
        thrown.add(code ?? "");
    }
  }
  const listed = [...readFileSync("docs/errors.md", "utf8").matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
    ([, code]) => code ?? "",
  );
  t.deepEqual(listed, [...thrown].toSorted());
});

test("the tree of routes in docs/routing.md is one that can be applied", (t) => {
  const [, text = ""] = /```toml\n(.*?)```/s.exec(readFileSync("docs/routing.md", "utf8")) ?? [];
  const tree = parseTomlText(text, "docs/routing.md", routeFileSchema(channelKinds));
  t.is(tree.route.routes.length, 2);
});

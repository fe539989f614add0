import { z } from "zod";
import { differenceMessage } from "../../core/difference.ts";
import type { Message } from "../../core/message.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { tomlText } from "../../core/toml-text.ts";
import { readToml } from "../../core/toml.ts";
import { channelKinds } from "../channels/index.ts";
import { type RouteFile, routeFileSchema, type RouteNode } from "../routing/tree/schema.ts";
import { applyTree, currentTree } from "../routing/tree/store.ts";

const file = z.string().min(1).meta({
  description: "TOML file on the machine that runs this",
  positional: true,
  complete: "file",
});

const NEXT = ["Who would hear of an event: ", { code: "route test EVENT" }];

export const routeApply = declareOperation({
  name: "route apply",
  summary: "bring a tree of routes into the database",
  description:
    "Routes with matchers, groups, times and silenced consequences, as in Alertmanager; " +
    "docs/routing.md shows the file. It takes the place of the tree before; applying twice changes " +
    "nothing. The rooms and addresses of config.toml and what people follow stay beside it.",
  examples: ["route apply routes.toml --dry-run", "route apply routes.toml"],
  parameters: z.object({
    file,
    dryRun: z.boolean().default(false).meta({ description: "show the difference, change nothing" }),
  }),
  role: "admin",
  kind: "act",
  async run({ caller }, { file: path, dryRun }) {
    const tree = readToml(path, routeFileSchema(channelKinds));
    const differences = await applyTree(tree, caller.name, dryRun);
    return {
      messages: [differenceMessage(differences, dryRun, NEXT)],
      data: { applied: !dryRun, differences },
    };
  },
});

export const routeExport = declareOperation({
  name: "route export",
  summary: "write out the tree of routes",
  description: "In the form of a file for route apply.",
  examples: ["route export"],
  parameters: z.object({}),
  role: "operator",
  kind: "answer",
  async run() {
    // The schema's order of keys; the database has another.
    const tree = routeFileSchema(channelKinds).parse(await currentTree());
    const document = plainTree(tree);
    const text = tomlText(document);
    const lines = text.trimEnd() === "" ? [] : text.trimEnd().split("\n");
    const headline = [lines.length === 0 ? "There are no routes" : "The routes as they are now"];
    return {
      messages: [{ tone: "neutral", headline, ...(lines.length > 0 ? { quote: text } : {}) }],
      lines,
      data: document,
    };
  },
});

export const routeCheck = declareOperation({
  name: "route check",
  summary: "check a file of routes, without a database",
  description: "Ends with status 2 when something is wrong with it, and says where.",
  examples: ["route check routes.toml"],
  parameters: z.object({ file }),
  role: "admin",
  kind: "answer",
  standalone: true,
  run(_context, { file: path }) {
    const tree = readToml(path, routeFileSchema(channelKinds));
    const routes = countRoutes(tree.route) - 1;
    const message: Message = {
      tone: "good",
      headline: [`${path} is in order`],
      details: [
        [
          `${routes} ${routes === 1 ? "route" : "routes"}, ${tree.mute_time.length} mute times, ` +
            `${tree.inhibit.length} inhibitions`,
        ],
      ],
    };
    return Promise.resolve({ messages: [message], data: { routes, tree: plainTree(tree) } });
  },
});

function countRoutes(node: RouteNode): number {
  return 1 + node.routes.reduce((count, inside) => count + countRoutes(inside), 0);
}

/** Without what only says the default. */
function plainTree(tree: RouteFile): Record<string, unknown> {
  return prune(tree) as Record<string, unknown>;
}

function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value)
    .filter(([, part]) => part !== false && part !== "" && part !== undefined)
    .map(([key, part]) => [key, prune(part)] as const)
    .filter(([, part]) => !isEmpty(part));
  return Object.fromEntries(kept);
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.keys(value).length === 0;
}

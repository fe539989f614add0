import { database, inTransaction } from "../../../core/database/connect.ts";
import type { Difference } from "../../../core/difference.ts";
import { EMPTY_TREE, type RouteFile, type RouteNode } from "./schema.ts";

/** The tree that counts; an empty one before the first was applied. */
export async function currentTree(): Promise<RouteFile> {
  const [row] = await database().query<{ tree: RouteFile }>(
    "select tree from route_tree order by id desc limit 1",
  );
  return row?.tree ?? EMPTY_TREE;
}

/**
 * Makes a tree the one that counts. The earlier ones are kept.
 *
 * @param by who asked for it
 * @param dryRun compare only
 * @returns what differs; empty when it was so already
 */
export function applyTree(tree: RouteFile, by: string, dryRun: boolean): Promise<Difference[]> {
  return inTransaction(async () => {
    // Two at once would both compare with the tree before.
    await database().query("select from routing_version where part = 'tree' for update");
    const differences = compareTrees(await currentTree(), tree);
    if (differences.length > 0 && !dryRun) {
      await database().query("insert into route_tree (tree, applied_by) values ($1, $2)", [
        JSON.stringify(tree),
        by,
      ]);
    }
    return differences;
  });
}

/** What one tree has and another has not, a line each. */
export function compareTrees(before: RouteFile, after: RouteFile): Difference[] {
  const [old, fresh] = [partsOf(before), partsOf(after)];
  const differences: Difference[] = [];
  for (const [name, text] of old) {
    if (!fresh.has(name)) differences.push({ sign: "-", text: `${name}: ${text}` });
  }
  for (const [name, text] of fresh) {
    const known = old.get(name);
    if (known === undefined) differences.push({ sign: "+", text: `${name}: ${text}` });
    else if (known !== text) differences.push({ sign: "~", text: `${name}: ${known} → ${text}` });
  }
  const order = (tree: Map<string, string>): string => [...tree.keys()].join("\n");
  if (differences.length === 0 && order(old) !== order(fresh)) {
    differences.push({ sign: "~", text: "the order of the routes" });
  }
  return differences;
}

function partsOf(file: RouteFile): Map<string, string> {
  const parts = new Map<string, string>();
  const add = (name: string, value: object): void => {
    let free = name;
    for (let n = 2; parts.has(free); n++) free = `${name} (${n})`;
    parts.set(free, words(value));
  };
  const visit = ({ routes, name, ...rest }: RouteNode, path: string): void => {
    const whole = path === "route" ? { name, ...rest } : rest;
    if (path !== "route" || words(whole) !== "") add(path, whole);
    routes.forEach((route, index) => visit(route, `${path} / ${route.name ?? index + 1}`));
  };
  visit(file.route, "route");
  for (const { name, ...rest } of file.mute_time) add(`mute_time ${name}`, rest);
  for (const { name, ...rest } of file.inhibit) add(`inhibit ${name}`, rest);
  return parts;
}

/** All that is set, in a line; the database keeps no order of keys. */
function words(value: object): string {
  return Object.entries(value)
    .filter(([, part]) => !isUnset(part))
    .map(
      ([key, part]) => `${key} ${typeof part === "string" ? part : JSON.stringify(sorted(part))}`,
    )
    .toSorted()
    .join(", ");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, part]) => [key, sorted(part)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function isUnset(value: unknown): boolean {
  return (
    value === undefined ||
    value === false ||
    value === "" ||
    (Array.isArray(value) && value.length === 0)
  );
}

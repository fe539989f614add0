import { AT_ONCE, type Suppression, type Tempo } from "../decision.ts";
import { compileExpression, type Predicate } from "../expression/compile.ts";
import { explainExpression } from "../expression/explain.ts";
import type { Expression } from "../expression/expression.ts";
import { compileNamesTag, type NamesTag } from "../expression/noise.ts";
import { parseExpression } from "../expression/parse.ts";
import type { Facts } from "../facts.ts";
import { isWithin, type MuteTime } from "./mute-time.ts";
import { milliseconds, type RouteFile, type RouteNode } from "./schema.ts";

/** A route with what it has from those around it. */
export interface TreeRoute {
  /** For people: `route kernel / stable`. */
  name: string;
  destinations: readonly string[];
  tempo: Tempo;
  muteTimes: readonly MuteTime[];
  activeTimes: readonly MuteTime[];
  goesOn: boolean;
  routes: readonly TreeRoute[];
  expression: Expression;
  holds: Predicate;
  namesTag: NamesTag;
}

/** The tree of a file, ready to be asked. */
export function compileTree(file: RouteFile): TreeRoute {
  const times = new Map(file.mute_time.map((time) => [time.name, time]));
  const named = (names: readonly string[]): MuteTime[] =>
    names.flatMap((name) => times.get(name) ?? []);
  const compile = (node: RouteNode, above: TreeRoute | undefined, label: string): TreeRoute => {
    const expression = parseExpression(node.match);
    const route: TreeRoute = {
      name: label,
      destinations: node.destinations ?? above?.destinations ?? [],
      tempo: tempoOf(node, above?.tempo ?? AT_ONCE),
      muteTimes: named(node.mute_times),
      activeTimes: named(node.active_times),
      goesOn: node.continue,
      routes: [],
      expression,
      holds: compileExpression(expression),
      namesTag: compileNamesTag(expression),
    };
    const inside = node.routes.map((child, index) =>
      compile(
        child,
        route,
        `${above === undefined ? "route" : `${label} /`} ${labelOf(child, index)}`,
      ),
    );
    return { ...route, routes: inside };
  };
  return compile(file.route, undefined, labelOf(file.route, -1));
}

function labelOf(node: RouteNode, index: number): string {
  return node.name ?? (index < 0 ? "the root of the routes" : String(index + 1));
}

function tempoOf(node: RouteNode, above: Tempo): Tempo {
  const given = (text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : milliseconds(text);
  return {
    groupBy: node.group_by ?? above.groupBy,
    waitMs: given(node.group_wait, above.waitMs),
    intervalMs: given(node.group_interval, above.intervalMs),
    repeatMs: given(node.repeat_interval, above.repeatMs),
  };
}

/**
 * The routes that an event ends in, as in Alertmanager: depth first, the first that takes it among
 * its neighbours unless it says `continue`; a route that none inside of it takes keeps it. Noise
 * is taken only where a match on the way names its tag.
 */
export function routesOf(root: TreeRoute, facts: Facts): TreeRoute[] {
  return visit(root, facts, facts.audience !== "noise");
}

function visit(route: TreeRoute, facts: Facts, named: boolean): TreeRoute[] {
  if (!route.holds(facts)) return [];
  const heard = named || route.namesTag(facts);
  const found: TreeRoute[] = [];
  for (const inside of route.routes) {
    const below = visit(inside, facts, heard);
    found.push(...below);
    if (below.length > 0 && !inside.goesOn) break;
  }
  return found.length > 0 || !heard ? found : [route];
}

/** Why a route tells nothing at a time; undefined when it tells. */
export function mutedAt(route: TreeRoute, now: Date): Suppression | undefined {
  const muted = route.muteTimes.find((time) => isWithin(time, now));
  if (muted !== undefined) return { by: "mute time", name: `${route.name}: ${muted.name}` };
  if (route.activeTimes.length === 0) return undefined;
  if (route.activeTimes.some((time) => isWithin(time, now))) return undefined;
  const names = route.activeTimes.map((time) => time.name).join(" ");
  return { by: "mute time", name: `${route.name}: only at ${names}` };
}

/** What each route says to an event, in the order of the file. */
export function explainRoutes(
  root: TreeRoute,
  facts: Facts,
): { route: TreeRoute; taken: boolean; why: string }[] {
  const taken = new Set(routesOf(root, facts));
  const told: { route: TreeRoute; taken: boolean; why: string }[] = [];
  const explain = (route: TreeRoute, reached: boolean): void => {
    const { matches, why } = explainExpression(route.expression, facts);
    if (taken.has(route)) told.push({ route, taken: true, why: why || "takes what is left" });
    else if (!reached)
      told.push({ route, taken: false, why: "the route around it does not match" });
    else if (!matches) told.push({ route, taken: false, why });
    else told.push({ route, taken: false, why: "another route took it" });
    for (const inside of route.routes) explain(inside, reached && matches);
  };
  explain(root, true);
  return told.filter(({ route }) => route.destinations.length > 0);
}

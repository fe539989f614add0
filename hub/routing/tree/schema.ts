import { z } from "zod";
import { asError } from "../../../core/errors.ts";
import type { ChannelKind } from "../../channels/channel.ts";
import { canonicalDestination } from "../../destination.ts";
import { FIELDS } from "../expression/expression.ts";
import { parseExpression } from "../expression/parse.ts";
import { MuteTime } from "./mute-time.ts";

/** `90s`, `5m`, `4h`, `7d`, or 0. */
const Duration = z
  .string()
  .regex(/^(\d{1,6}[smhd]|0)$/, { message: 'written as "30s", "5m", "4h" or "7d"; "0" is none' });

const Matcher = z.string().superRefine((text, context) => {
  try {
    parseExpression(text);
  } catch (thrown) {
    context.addIssue({ code: "custom", message: asError(thrown).message });
  }
});

const GroupField = z.enum(["tag", "module", "repository", "suite", "package", "object"]);
const Name = z.string().trim().min(1).max(100);

/** What a route says; what it leaves out it has from the one around it, but the match. */
export interface RouteNode {
  name?: string | undefined;
  /** An expression; empty: everything that the route around it takes. */
  match: string;
  destinations?: string[] | undefined;
  group_by?: z.output<typeof GroupField>[] | undefined;
  group_wait?: string | undefined;
  group_interval?: string | undefined;
  repeat_interval?: string | undefined;
  /** True: the routes after it are asked as well. */
  continue: boolean;
  /** Times at which it tells nothing. */
  mute_times: string[];
  /** If any, it tells only then. */
  active_times: string[];
  routes: RouteNode[];
}

/** While something is the case, news that follow from it are not told. */
const Inhibition = z.strictObject({
  name: Name,
  /** An event for which this holds begins it. */
  source: Matcher,
  /** One for which this holds ends it. */
  until: Matcher.optional(),
  /** Events that are not told meanwhile. */
  target: Matcher,
  /** Fields that both must have in common. */
  equal: z.array(z.enum(Object.keys(FIELDS) as [string, ...string[]])).default([]),
  /** It ends by itself after so long. */
  for: Duration.default("1d"),
});
export type Inhibition = z.output<typeof Inhibition>;

/** The file of `route apply`. */
export interface RouteFile {
  route: RouteNode;
  mute_time: MuteTime[];
  inhibit: Inhibition[];
}

/** A tree that nobody wrote: it tells nobody anything. */
export const EMPTY_TREE: RouteFile = {
  route: { match: "", continue: false, mute_times: [], active_times: [], routes: [] },
  mute_time: [],
  inhibit: [],
};

/**
 * What may stand in the file; names the destinations in their canonical spelling.
 *
 * @param kinds of destinations that there are
 */
export function routeFileSchema(kinds: readonly ChannelKind[]): z.ZodType<RouteFile> {
  const Destination = z.string().transform((text, context) => {
    try {
      return canonicalDestination(text, kinds);
    } catch (thrown) {
      context.addIssue({ code: "custom", message: asError(thrown).message });
      return z.NEVER;
    }
  });
  const Node: z.ZodType<RouteNode> = z.strictObject({
    name: Name.optional(),
    match: Matcher.default(""),
    destinations: z.array(Destination).optional(),
    group_by: z.array(GroupField).optional(),
    group_wait: Duration.optional(),
    group_interval: Duration.optional(),
    repeat_interval: Duration.optional(),
    continue: z.boolean().default(false),
    mute_times: z.array(Name).default([]),
    active_times: z.array(Name).default([]),
    get routes() {
      return z.array(Node).default([]);
    },
  });
  return z
    .strictObject({
      route: Node.default(EMPTY_TREE.route),
      mute_time: z.array(MuteTime).default([]),
      inhibit: z.array(Inhibition).default([]),
    })
    .superRefine(checkNames);
}

/** Every time that a route names must be there, and no name twice. */
function checkNames(file: RouteFile, context: z.core.$RefinementCtx<RouteFile>): void {
  const known = new Set(file.mute_time.map(({ name }) => name));
  const fault = (path: PropertyKey[], message: string): void => {
    context.addIssue({ code: "custom", path, message });
  };
  for (const key of ["mute_time", "inhibit"] as const) {
    const names = file[key].map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) < index) fault([key, index, "name"], `${name} is there twice`);
    });
  }
  const visit = (node: RouteNode, path: PropertyKey[]): void => {
    for (const key of ["mute_times", "active_times"] as const) {
      const missing = node[key].find((name) => !known.has(name));
      if (missing !== undefined) fault([...path, key], `there is no mute_time named ${missing}`);
    }
    node.routes.forEach((child, index) => visit(child, [...path, "routes", index]));
  };
  visit(file.route, ["route"]);
}

const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration of the file in milliseconds. */
export function milliseconds(text: string): number {
  return Number.parseInt(text, 10) * (UNITS[text.slice(-1)] ?? 0);
}

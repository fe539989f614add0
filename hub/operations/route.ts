import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import { canonicalDestination } from "../destination.ts";
import { matchesGlob } from "../routing/glob.ts";
import { Route } from "../model/route.ts";
import { addRoute, listRoutes } from "../routing/route-store.ts";
import type { Rule } from "../routing/router.ts";
import { configuredRules } from "../routing/rules.ts";
import {
  type Criteria,
  criteriaFlags,
  criteriaOf,
  describeCriteria,
  packageFlag,
} from "./criteria.ts";

const destination = z.string().meta({
  description: "matrix:!room:server, email:person@example.org or room:local",
  positional: true,
});

export const routeList = declareOperation({
  name: "route list",
  summary: "who hears of what",
  examples: ["route list", "route list email:*"],
  parameters: z.object({
    destination: z
      .string()
      .default("*")
      .meta({ description: "only these destinations (a pattern)", positional: true }),
  }),
  role: "operator",
  kind: "answer",
  async run({ settings }, { destination: glob }) {
    const configured = configuredRules(settings.config, channelKinds).filter((rule) =>
      matchesGlob(glob, rule.destination),
    );
    const stored = (await listRoutes()).filter((route) => matchesGlob(glob, route.destination));
    const rows = [
      ...configured.map((rule) => ["–", rule.destination, words(rule), rule.name]),
      ...stored.map((route) => [route.id, route.destination, words(route), owner(route)]),
    ];
    return {
      messages: [
        {
          tone: "neutral",
          headline: [`${rows.length} ${rows.length === 1 ? "rule" : "rules"}`],
          table: { columns: ["route", "destination", "hears of", "by"], rows },
        },
      ],
      data: { configured, routes: stored.map((route) => route.toJSON()) },
    };
  },
});

export const routeAdd = declareOperation({
  name: "route add",
  summary: "let a destination hear of something",
  description: "All that is named must match; without anything it hears all that is for people.",
  examples: [
    "route add email:team@example.org --suite sid --tag archive.*",
    "route add matrix:#builds:example.org --tag jobs.*",
  ],
  parameters: z.object({ destination, ...criteriaFlags, package: packageFlag }),
  role: "admin",
  kind: "act",
  async run({ caller, registry }, parameters) {
    const target = canonicalDestination(parameters.destination, channelKinds);
    const criteria = criteriaOf(parameters, parameters.package, registry);
    const { name } = caller;
    const added = await addRoute({
      ...criteria,
      destination: target,
      owner: name,
      createdBy: name,
    });
    const verb = added.isNew ? "hears of" : "heard already of";
    return {
      messages: [
        {
          tone: "good",
          headline: [
            { strong: `Route ${added.route.id}` },
            `: ${target} ${verb} `,
            ...describeCriteria(added.route),
          ],
        },
      ],
      data: added.route.toJSON(),
    };
  },
});

export const routeRemove = declareOperation({
  name: "route remove",
  summary: "take a rule away",
  examples: ["route remove 3"],
  parameters: z.object({
    route: z
      .union([z.int().positive(), z.string().regex(/^\d{1,18}$/, "a number as in route list")])
      .meta({ description: "its number in route list", positional: true }),
  }),
  role: "admin",
  kind: "act",
  async run(_context, { route: number }) {
    const route = await Route.findByPk(String(number));
    if (route === null) {
      throw new OperatorError(
        "NO_ROUTE",
        `There is no route ${number}.`,
        "Type route list for the numbers. Rules without one are in config.toml.",
      );
    }
    await route.destroy();
    return {
      messages: [
        {
          tone: "neutral",
          headline: [`${route.destination} no longer hears of `, ...describeCriteria(route)],
        },
      ],
      data: route.toJSON(),
    };
  },
});

function words(rule: Criteria | Rule): string {
  const { tags, repositories, suites, packages } = rule;
  const criteria = {
    tags: [...tags],
    repositories: [...repositories],
    suites: [...suites],
    packages: [...packages],
  };
  return describeCriteria(criteria)
    .map((inline) => (typeof inline === "string" ? inline : Object.values(inline)[0]))
    .join("");
}

function owner(route: Route): string {
  return route.enabled ? route.owner : `${route.owner} (off)`;
}

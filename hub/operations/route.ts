import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import { canonicalDestination } from "../destination.ts";
import { matchesGlob } from "../routing/glob.ts";
import { configuredRules } from "../routing/rules.ts";
import { listSubscriptions, subscribe, unsubscribe } from "../routing/subscription/store.ts";
import { describeWanted, type Wanted } from "../routing/subscription/subscription.ts";
import { packageFlag, saidBy, wantedFlags } from "./wanted.ts";
import { wantedLine } from "./whose.ts";

/** More are counted, not shown: a page of them says nothing. */
const SHOWN = 200;

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
    const routes = (await listSubscriptions()).filter((one) => matchesGlob(glob, one.destination));
    const rows = [
      ...configured.map((rule) => ["–", rule.destination, EVERYTHING, rule.name]),
      ...routes.map((one) => [one.id, one.destination, wantedLine(one), one.owner]),
    ];
    const hidden = rows.length - SHOWN;
    const message: Message = {
      tone: "neutral",
      headline: [`${rows.length} ${rows.length === 1 ? "rule" : "rules"}`],
      table: { columns: ["route", "destination", "hears of", "by"], rows: rows.slice(0, SHOWN) },
      ...(hidden > 0 ? { details: [[`and ${hidden} more; name a destination to see them`]] } : {}),
    };
    return { messages: [message], data: { configured, routes } };
  },
});

const EVERYTHING = "everything meant for people";

export const routeAdd = declareOperation({
  name: "route add",
  summary: "let a destination hear of something",
  description: "All that is named must match; without anything it hears all that is for people.",
  examples: [
    "route add email:team@example.org --suite sid --tag archive.*",
    "route add matrix:#builds:example.org --tag jobs.*",
    "route add email:kernel@example.org --if 'package ~ linux-* or has data.kernel'",
  ],
  parameters: z.object({ destination, ...wantedFlags, package: packageFlag }),
  role: "admin",
  kind: "act",
  async run({ caller, registry }, parameters) {
    const target = canonicalDestination(parameters.destination, channelKinds);
    const said = await saidBy({ ...parameters, packages: parameters.package }, registry);
    const everything: Wanted = { kind: "matching", value: "", condition: "" };
    const by = { owner: caller.name, createdBy: caller.name };
    const added = [];
    for (const wanted of said.nothing ? [everything] : said.wanted) {
      const { keywords } = said;
      added.push(await subscribe({ ...wanted, destination: target, keywords, ...by }));
    }
    const messages = added.map(({ subscription, isNew }): Message => ({
      tone: "good",
      headline: [
        { strong: `Route ${subscription.id}` },
        `: ${target} ${isNew ? "hears of" : "heard already of"} `,
        ...describeWanted(subscription),
      ],
    }));
    const [first] = added;
    return {
      messages,
      data: added.length === 1 ? first?.subscription : added.map((one) => one.subscription),
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
  async run({ caller }, { route: number }) {
    const [ended] = await unsubscribe({ id: String(number) }, caller.name);
    if (ended === undefined) {
      throw new OperatorError(
        "NO_ROUTE",
        `There is no route ${number}.`,
        "Type route list for the numbers. Rules without one are in config.toml.",
      );
    }
    const headline = [`${ended.destination} no longer hears of `, ...describeWanted(ended)];
    return { messages: [{ tone: "neutral", headline }], data: ended };
  },
});

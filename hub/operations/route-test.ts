import { z } from "zod";
import { database } from "../../core/database/connect.ts";
import type { Message } from "../../core/message.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import { canonicalDestination } from "../destination.ts";
import { linksOf } from "../links.ts";
import { gather } from "../routing/circumstances.ts";
import { decide } from "../routing/decide.ts";
import type { Decision, JournalledEvent } from "../routing/decision.ts";
import { judge, type Verdict } from "../routing/judge.ts";
import { createOwnerStore } from "../routing/owner-store.ts";
import { createRulebook } from "../routing/rulebook.ts";
import { configuredRules, coverageOf } from "../routing/rules.ts";
import { announceOf } from "../routing/uploads.ts";
import { findEvent, UUID } from "./event-argument.ts";

/** Rules that do not match are shown up to this many. */
const SHOWN_MISSES = 30;

interface Told {
  destination: string;
  state: string;
  reason: string;
  attempts: number;
  last_error: string | null;
}

export const routeTest = declareOperation({
  name: "route test",
  summary: "who would hear of an event, and why",
  description:
    "Asks every rule about an event and says why it matches or not. For an event of the journal " +
    "also what was sent. Nothing is sent by this.",
  examples: ["route test 5c8f5d4e-1dd2-11b2-8080-808080808080", "route test event.json"],
  parameters: z.object({
    event: z.string().min(1).meta({
      description: "uuid of an event of the journal; at the command line also a file",
      positional: true,
    }),
    to: z.string().optional().meta({ description: "only this destination, with all its rules" }),
  }),
  role: "operator",
  kind: "answer",
  async run(context, parameters) {
    const event = await findEvent(parameters.event, context);
    const { settings, registry } = context;
    const { config } = settings;
    const to =
      parameters.to === undefined ? undefined : canonicalDestination(parameters.to, channelKinds);
    const rulebook = await createRulebook(configuredRules(config, channelKinds))();
    const gathered = await gather([event], registry, createOwnerStore(), coverageOf(config));
    const [{ understood, facts }] = gathered as [(typeof gathered)[number]];
    await rulebook.inhibitions.read();
    const verdicts = judge(facts, rulebook, to);
    const deciding = { registry, kinds: channelKinds, announce: announceOf(config) };
    const silent = understood.render(linksOf(settings)) === null;
    const all = silent ? [] : decide(event, rulebook, deciding, { facts });
    const decisions = all.filter((one) => to === undefined || one.destination === to);
    const told = await toldOf(event.uuid);
    const messages = [
      recipients(event, decisions, silent),
      judgements(verdicts),
      ...(told.length > 0 ? [sent(told)] : []),
    ];
    const data = {
      event: { uuid: event.uuid, tag: event.tag },
      audience: understood.audience,
      subject: understood.subject,
      recipients: decisions.map((one) => ({ ...one, reason: reasonOf(one) })),
      rules: verdicts,
      deliveries: told,
    };
    return { messages, data };
  },
});

function toldOf(uuid: string): Promise<Told[]> {
  if (!UUID.test(uuid)) return Promise.resolve([]);
  return database().query<Told>(
    `select destination, state, delivery.reason, attempts, last_error
       from delivery
      where id in (select delivery_id from notice join event on event.id = event_id
                    where uuid = $1
                   union all
                   select delivery.id from delivery join event on event.id = event_id
                    where uuid = $1)
      order by number`,
    [uuid],
  );
}

function recipients(event: JournalledEvent, decisions: Decision[], silent: boolean): Message {
  const headline = [{ code: event.tag }, ` would reach ${decisions.length || "nobody"}`];
  if (decisions.length === 0) {
    const details = silent ? [["The event has nothing to say to people."]] : [];
    return { tone: "attention", headline, details };
  }
  const rows = decisions.map((decision) => [decision.destination, reasonOf(decision)]);
  const table = { columns: ["destination", "because of"], rows };
  return { tone: "good", headline: [...headline, ":"], table };
}

function reasonOf({ reasons }: Decision): string {
  return reasons.map(({ name }) => name).join(", ");
}

function judgements(verdicts: Verdict[]): Message {
  const matching = verdicts.filter((verdict) => verdict.matches);
  const misses = verdicts.filter((verdict) => !verdict.matches);
  const shown = [...matching, ...misses.slice(0, SHOWN_MISSES)];
  const hidden = verdicts.length - shown.length;
  const rows = shown.map(({ name, destination, matches, why }) => [
    matches ? "yes" : "no",
    name,
    destination,
    why,
  ]);
  return {
    tone: "neutral",
    headline: [`${matching.length} of ${verdicts.length} rules match`],
    table: { columns: ["match", "rule", "destination", "why"], rows },
    ...(hidden > 0 ? { details: [[`and ${hidden} more that do not match`]] } : {}),
  };
}

function sent(told: Told[]): Message {
  const rows = told.map((one) => [
    one.destination,
    one.state,
    String(one.attempts),
    one.reason,
    one.last_error ?? "",
  ]);
  const columns = ["destination", "state", "attempts", "because of", "last error"];
  return { tone: "neutral", headline: ["What was sent:"], table: { columns, rows } };
}

import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { database } from "../../core/database/connect.ts";
import { understand } from "../../core/events/catalogue.ts";
import { asError, OperatorError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import { declareOperation, type OperationContext } from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import { linksOf } from "../links.ts";
import { decide } from "../routing/decide.ts";
import type { Decision, JournalledEvent } from "../routing/decision.ts";
import { judgeRule, type Verdict } from "../routing/router.ts";
import { configuredRules, storedRules } from "../routing/rules.ts";
import { announceOf } from "../routing/uploads.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MAX_FILE_BYTES = 1 << 20;
/** Rules that do not match are shown up to this many. */
const SHOWN_MISSES = 30;

const WireEvent = z.looseObject({ tag: z.string(), uuid: z.string(), data: z.unknown() });

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
  }),
  role: "operator",
  kind: "answer",
  async run(context, parameters) {
    const event = await findEvent(parameters.event, context);
    const { settings, registry } = context;
    const kinds = channelKinds;
    const rules = [...configuredRules(settings.config, kinds), ...(await storedRules())];
    const understood = understand(registry.events, event.tag, event.data);
    const verdicts = rules.map((rule) => judgeRule({ ...understood, tag: event.tag }, rule));
    const announce = announceOf(settings.config);
    const silent = understood.render(linksOf(settings)) === null;
    const decisions = silent ? [] : decide(event, rules, { registry, kinds, announce });
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
      recipients: decisions.map((one) => ({ destination: one.destination, reason: reasonOf(one) })),
      rules: verdicts.map(({ rule, matches, why }) => ({ ...rule, matches, why })),
      deliveries: told,
    };
    return { messages, data };
  },
});

async function findEvent(text: string, { caller }: OperationContext): Promise<JournalledEvent> {
  if (UUID.test(text)) {
    const [row] = await database().query<JournalledEvent>(
      "select uuid, tag, data from event where uuid = $1",
      [text],
    );
    if (row !== undefined) return row;
    throw new OperatorError("NO_EVENT", `There is no event ${text} in the journal.`);
  }
  // From a room or over HTTP a file name would read files of the server.
  if (caller.origin === "cli") return readEventFile(text);
  throw new OperatorError(
    "NO_EVENT",
    `${JSON.stringify(text)} is not the uuid of an event.`,
    "Files can be tested at the command line: lk route test FILE",
    { exitStatus: 2 },
  );
}

function readEventFile(file: string): JournalledEvent {
  let value: unknown;
  try {
    if (statSync(file).size > MAX_FILE_BYTES) throw new Error("it is longer than a megabyte");
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (thrown) {
    throw new OperatorError(
      "BAD_EVENT_FILE",
      `Cannot read an event from ${file}: ${asError(thrown).message}.`,
      "The file must hold one event as it is on the wire, in JSON.",
      { cause: thrown },
    );
  }
  const parsed = WireEvent.safeParse(value);
  if (parsed.success) return parsed.data;
  const fault = parsed.error.issues[0];
  throw new OperatorError(
    "BAD_EVENT_FILE",
    `${file} holds no event: ${fault?.path.join(".")}: ${fault?.message}.`,
    "An event has at least tag, uuid and data.",
  );
}

function toldOf(uuid: string): Promise<Told[]> {
  if (!UUID.test(uuid)) return Promise.resolve([]);
  return database().query<Told>(
    `select destination, state, delivery.reason, attempts, last_error
       from delivery join event on event.id = delivery.event_id
      where event.uuid = $1 order by number`,
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
  const rows = shown.map(({ rule, matches, why }) => [
    matches ? "yes" : "no",
    rule.name,
    rule.destination,
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

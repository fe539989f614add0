import { hostname } from "node:os";
import { z } from "zod";
import { inTransaction } from "../../database/connect.ts";
import { fromPlain, toPlain } from "../../events/canonical.ts";
import { eventFaults } from "../../events/catalogue.ts";
import { emitEvent, moduleOfTag, newEvent } from "../../events/emit.ts";
import { isObject, JsonError, parseJson } from "../../events/json.ts";
import { openKeyring } from "../../events/setup.ts";
import { submitEvent, type SubmitOutcome } from "../../events/submit.ts";
import { OperatorError } from "../../errors.ts";
import type { Message } from "../../message.ts";
import { type Answer, declareOperation, type OperationContext } from "../../operation/declare.ts";

const to = z
  .string()
  .regex(/^(tcp|ipc):\/\/./, "an endpoint is written like tcp://bus.example.org:5571")
  .optional()
  .meta({ description: "submit endpoint (default: lighthouse.servers.submit, else our journal)" });

const wait = z
  .number()
  .min(0.1)
  .max(600)
  .default(3)
  .meta({ description: "seconds to wait for Lighthouse to answer" });

/** Where an event goes, and for how long we listen for an answer. */
interface Target {
  to?: string | undefined;
  wait: number;
}

export const eventSend = declareOperation({
  name: "event send",
  summary: "put an event on the bus",
  description:
    "Checks the data against what the tag declares, signs with the key of the tag's module, and hands it to Lighthouse.",
  examples: [
    `event send _lk.core.ping '{"node": "anise", "message": "Hello"}'`,
    `event send _lk.core.ping '{"node": "anise", "message": "Hello"}' --to tcp://bus.example.org:5571`,
  ],
  parameters: z.object({
    tag: z.string().meta({ description: "a declared tag", positional: true, complete: "tag" }),
    json: z.string().meta({ description: "the data, a JSON object", positional: true }),
    to,
    wait,
  }),
  role: "admin",
  kind: "act",
  async run(context, { tag, json, ...target }) {
    return send(context, tag, readData(json), target);
  },
});

export const eventPing = declareOperation({
  name: "event ping",
  summary: "send an event that says hello, to see whether it arrives",
  examples: ["event ping", "event ping --to tcp://bus.example.org:5571"],
  parameters: z.object({
    message: z.string().max(200).default("Hello World!").meta({ description: "what it says" }),
    to,
    wait,
  }),
  role: "admin",
  kind: "act",
  async run(context, { message, ...target }) {
    const data = { node: hostname(), message, time_sent: new Date().toISOString() };
    return send(context, "_lk.core.ping", data, target);
  },
});

async function send(
  context: OperationContext,
  tag: string,
  data: Record<string, unknown>,
  target: Target,
): Promise<Answer> {
  const faults = eventFaults(context.registry.events, tag, data);
  if (faults.length > 0) {
    throw new OperatorError(
      "EVENT_DATA",
      `This is no ${tag}: ${faults.join("; ")}.`,
      "The catalogue of events in the documentation lists tags and their fields.",
      { exitStatus: 2 },
    );
  }
  const servers = context.settings.config.lighthouse.servers.submit;
  const endpoints = target.to === undefined ? servers : [target.to];
  if (endpoints.length > 0) {
    return submitToFirst(context, tag, data, { endpoints, wait: target.wait });
  }
  const uuid = await inTransaction(() => emitEvent(tag, data));
  return {
    messages: [{ tone: "good", headline: ["The event is in the journal: ", { code: uuid }] }],
    data: { uuid, tag, outcome: "journalled" },
  };
}

/** In the order of the configuration, until one of them answers. */
async function submitToFirst(
  context: OperationContext,
  tag: string,
  data: Record<string, unknown>,
  { endpoints, wait: seconds }: { endpoints: readonly string[]; wait: number },
): Promise<Answer> {
  const module = moduleOfTag(tag);
  const key = openKeyring(context).signingKey(module);
  if (key === undefined) {
    throw new OperatorError(
      "KEY_MISSING",
      `There is no key to sign events of the module ${module} with.`,
      `Make one and install it: key new ID, then key install ${module} ID.key_secret`,
    );
  }
  const event = newEvent(tag, data, key);
  const uuid = String(toPlain(event)["uuid"]);
  for (const endpoint of endpoints) {
    const outcome = await submitEvent(event, endpoint, seconds * 1000);
    if (outcome.kind === "unreachable") continue;
    const message = outcomeMessage(outcome, endpoint, key.signer);
    return { messages: [message], data: { uuid, tag, endpoint, outcome: outcome.kind } };
  }
  throw new OperatorError(
    "LIGHTHOUSE_UNREACHABLE",
    `No Lighthouse answers at ${endpoints.join(", ")}.`,
    "Check that it runs (lk lighthouse) and that the port is open.",
  );
}

function outcomeMessage(outcome: SubmitOutcome, endpoint: string, signer: string): Message {
  switch (outcome.kind) {
    case "refused":
      throw new OperatorError(
        "EVENT_REFUSED",
        `Lighthouse at ${endpoint} refused the event: ${outcome.reason}.`,
        `The machine it runs on has to trust our key: key trust ${signer}.key`,
      );
    case "handed-over":
      return {
        tone: "attention",
        headline: ["The event was handed to ", { code: endpoint }, ", which does not say more."],
        details: [["Python Laniakea never acknowledges; whether it was accepted is in its log."]],
      };
    default:
      return {
        tone: "good",
        headline: ["Lighthouse at ", { code: endpoint }, " accepted the event."],
      };
  }
}

function readData(text: string): Record<string, unknown> {
  try {
    const value = parseJson(text);
    if (isObject(value)) {
      const data = toPlain(value);
      // Refuses what Python could read but nobody should send: NaN and Infinity.
      fromPlain(data);
      return data;
    }
  } catch (thrown) {
    if (!(thrown instanceof JsonError) && !(thrown instanceof TypeError)) throw thrown;
    throw notJson(thrown.message);
  }
  throw notJson("it is not an object");
}

function notJson(why: string): OperatorError {
  return new OperatorError(
    "EVENT_DATA",
    `The data is not a JSON object: ${why}.`,
    `Quote it for the shell: '{"node": "anise"}'`,
    { exitStatus: 2 },
  );
}

import { createListener } from "../../database/listen.ts";
import type { LighthouseAddress } from "../../events/follower.ts";
import { JOURNAL_CHANNEL } from "../../events/journal.ts";
import { paired } from "../../events/address.ts";
import type { AdmissionRules } from "../../events/admission.ts";
import type { Keyring } from "../../events/keyring.ts";
import { lighthouseState } from "../../events/sequence.ts";
import { admissionRules, openKeyring } from "../../events/setup.ts";
import { OperatorError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Environment } from "../../operation/declare.ts";
import type { Service } from "../../service.ts";
import { type LighthouseCounts, newCounts } from "./counts.ts";
import { createPublisher } from "./publisher.ts";
import { createRelay } from "./relay.ts";
import { createReplayServer } from "./replay-server.ts";
import { createReceiver } from "./receiver.ts";

/** Where the parts of Lighthouse listen. */
export interface Endpoints {
  submit: string[];
  publish: string[];
  replay: string[];
}

/** The bus: takes signed events in, journals them, and publishes them with its own signature. */
export interface Lighthouse extends Service {
  /** As bound, port numbers filled in; empty before `start`. */
  endpoints(): Endpoints;
  counts(): Readonly<LighthouseCounts>;
}

export interface LighthouseOptions {
  keyring: Keyring;
  /** Who may say what; by default the keyring's word, with 30 days for events to come in. */
  rules?: AdmissionRules;
  submit: readonly string[];
  publish: readonly string[];
  /** Lighthouses whose events are published here as well. */
  relay?: readonly LighthouseAddress[];
  /** Nobody is replayed to without it. */
  replay?: readonly string[];
  log: Log;
}

const DEFAULT_WINDOW_MS = 30 * 86_400_000;

/** Lighthouse as the configuration describes it. */
export function createLighthouse(environment: Environment): Lighthouse {
  const { publish, relay, replay, submit } = environment.settings.config.lighthouse;
  const keyring = openKeyring(environment);
  const rules = admissionRules(environment, keyring);
  const endpoints = { submit, publish, replay, relay: paired(relay) };
  return createLighthouseOf({ keyring, rules, ...endpoints, log: environment.log });
}

/** As `createLighthouse`, for given keys and endpoints. */
export function createLighthouseOf(options: LighthouseOptions): Lighthouse {
  const { keyring, log } = options;
  const rules = options.rules ?? { authority: keyring, window: DEFAULT_WINDOW_MS };
  const counts = newCounts();
  const publisher = createPublisher({ endpoints: options.publish, keyring, counts, log });
  const receiver = createReceiver({
    endpoints: options.submit,
    keyring,
    rules,
    stored: publisher,
    counts,
    log,
  });
  const replayServer = createReplayServer({
    endpoints: options.replay ?? [],
    keyring,
    counts,
    log,
  });
  const wakeUp = createListener({ [JOURNAL_CHANNEL]: publisher.wake }, log);
  const relay = createRelay({ lighthouses: options.relay ?? [], keyring, rules, log });
  let bound: Endpoints = { submit: [], publish: [], replay: [] };
  return {
    name: "lighthouse",
    async start() {
      ensureKeys(keyring, log);
      const replay = await replayServer.start();
      // Publishing first: what is submitted at once goes out at once.
      const publish = await publisher.start();
      const submit = await receiver.start((await lighthouseState()).id);
      bound = { submit, publish, replay };
      await wakeUp.start();
      await relay.start();
      log.info({ ...bound }, "lighthouse is open");
    },
    async stop() {
      await relay.stop();
      // What was taken in is journalled before the last look for what to publish.
      await receiver.stop();
      await wakeUp.stop();
      await publisher.stop();
      await replayServer.stop();
      bound = { submit: [], publish: [], replay: [] };
    },
    endpoints: () => bound,
    counts: () => counts,
  };
}

/**
 * On its first start on a machine Lighthouse makes its own keys, one for itself and one for all
 * modules without their own, and trusts them. Keys that somebody installed are left alone.
 */
function ensureKeys(keyring: Keyring, log: Log): void {
  if (keyring.signingKey("lighthouse") !== undefined) return;
  for (const module of ["general", "lighthouse"]) {
    if (keyring.ensureOwnKey(module)) log.info({ module }, "made a key and trusts it");
  }
  if (keyring.signingKey("lighthouse") !== undefined) return;
  throw new OperatorError(
    "KEY_MISSING",
    `Lighthouse cannot sign: there is no usable key in ${keyring.secretFile("lighthouse")}.`,
    "Remove that file to have a new one made, or install another: key install lighthouse FILE",
  );
}

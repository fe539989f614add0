import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { submitServers } from "../../core/events/producer/setup.ts";
import { asError } from "../../core/errors.ts";
import { newEvent } from "../../core/events/new-event.ts";
import { openKeyring } from "../../core/events/setup.ts";
import { submitEvent } from "../../core/events/submit.ts";
import { newUuid } from "../../core/events/uuid.ts";
import type { Environment } from "../../core/operation/declare.ts";
import type { Service } from "../../core/service.ts";
import type { Channel } from "../channels/channel.ts";
import { channelOf } from "../destination.ts";
import { CANARY_TAG } from "./rules.ts";
import { isDue, keepCanaries, noteSeen, type SentCanary, sentCanaries } from "./seen.ts";

/** How often it is looked whether the last ones have arrived. */
const LOOK_MS = 1_000;
/** What was not seen for so long is looked for no more: newer ones are on their way. */
const FORGET_MS = 3_600_000;

export interface CanaryOptions {
  environment: Environment;
  channels: readonly Channel[];
  /** Where it has to be seen, in canonical spelling. */
  destinations: readonly string[];
  everyMs: number;
}

/**
 * Sends a signed event to Lighthouse every so often, as any producer does, and looks whether it can
 * be read where it was to arrive: bus, journal, routing, delivery and the far end work, then. Of
 * several hubs on one database one sends, and looks for what it sent.
 */
export function createCanary(options: CanaryOptions): Service {
  const { environment } = options;
  const { log } = environment;
  const stopping = new AbortController();
  const keyring = openKeyring(environment);
  const sent = new Map<string, Date>();
  let problem: string | undefined;
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        if (await isDue(options.everyMs)) await send();
        await look();
        for (const [uuid, at] of sent) {
          if (Date.now() - at.getTime() > FORGET_MS) sent.delete(uuid);
        }
      } catch (thrown) {
        complain(asError(thrown).message);
      }
      await sleep(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  /** To the first Lighthouse that takes it, without a spool: a canary that is late says nothing. */
  async function send(): Promise<void> {
    const key = keyring.signingKey("core");
    if (key === undefined) return complain("no key to sign it with (lk key new)");
    const at = new Date();
    const data = { node: hostname(), time_sent: at.toISOString() };
    const uuid = newUuid();
    const event = newEvent(CANARY_TAG, data, key, uuid);
    sent.set(uuid, at);
    let answer = "no Lighthouse is configured";
    for (const server of submitServers(environment.settings)) {
      const outcome = await submitEvent(event, server);
      if (outcome.kind !== "unreachable" && outcome.kind !== "refused") return complain(undefined);
      answer = outcome.kind === "refused" ? outcome.reason : `${server} does not answer`;
    }
    complain(answer);
  }

  async function look(): Promise<void> {
    for (const canary of await sentCanaries([...sent.keys()], options.destinations)) {
      if (await isShown(canary)) await noteSeen(canary, sent.get(canary.event) ?? new Date());
    }
  }

  async function isShown({ destination, delivery }: SentCanary): Promise<boolean> {
    const channel = options.channels.find(({ name }) => name === channelOf(destination));
    return (await channel?.isShown?.(delivery)) ?? false;
  }

  /** Says what changed, and not each minute the same. */
  function complain(why: string | undefined): void {
    if (why !== undefined && why !== problem)
      log.warn({ why }, "the canary cannot be sent or seen");
    problem = why;
  }

  return {
    name: "canary",
    async start() {
      await keepCanaries(options.destinations);
      if (options.destinations.length > 0) loop = run();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

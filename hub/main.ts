import { database } from "../core/database/connect.ts";
import { createListener } from "../core/database/listen.ts";
import type { Heard } from "../core/events/follower.ts";
import { createSourceWatch } from "../core/events/source-watch.ts";
import { JOURNAL_CHANNEL } from "../core/events/journal.ts";
import type { Environment } from "../core/operation/declare.ts";
import type { Service } from "../core/service.ts";
import { type Batcher, createBatcher } from "../core/batcher.ts";
import type { Subscribe } from "./bus.ts";
import { createCanary } from "./canary/canary.ts";
import { canaryRules } from "./canary/rules.ts";
import type { Channel } from "./channels/channel.ts";
import { channelKinds } from "./channels/index.ts";
import { createChannelWatch } from "./channels/watch.ts";
import { canonicalDestination } from "./destination.ts";
import { createCounters } from "./delivery/counters.ts";
import { createDispatcher } from "./delivery/dispatcher.ts";
import { receive } from "./incoming.ts";
import { takeIn } from "./intake.ts";
import { linksOf } from "./links.ts";
import { INCOMING_MAIL_CHANNEL } from "./mail/incoming.ts";
import { createMailListener } from "./mail/listener.ts";
import { createMailroom } from "./mail/mailroom.ts";
import { mailStanding } from "./mail/standing.ts";
import { defineHubModels } from "./model/index.ts";
import { DELIVERY_CHANNEL } from "./delivery/outbox.ts";
import { createFlushing } from "./pacing/pacing.ts";
import { moveDestination } from "./routing/move.ts";
import { createRouting } from "./routing/routing.ts";
import { createRecovery } from "./recover/service.ts";
import { configuredRules, coverageOf } from "./routing/rules.ts";
import { announceOf } from "./routing/uploads.ts";

export interface HubOptions {
  /** Without it nothing is heard from the bus; events of this database are still told. */
  subscribe?: Subscribe;
  /** How long a delivery that is being sent is safe from other hubs; see the dispatcher. */
  leaseMs?: number;
}

/** The hub's parts, to be started in this order. */
export interface Hub {
  services: Service[];
  /** The channels that this machine is configured for. */
  channels: readonly Channel[];
}

const FRAMES_AT_ONCE = 500;
const FRAME_WAIT_MS = 10;

/**
 * Puts the hub together: bus → journal → routes → deliveries → channels, and what people say in
 * rooms → the inbox. The database is connected already.
 *
 * @throws OperatorError for a destination or a sender in the configuration that is none
 */
export function createHub(environment: Environment, options: HubOptions = {}): Hub {
  const { settings, registry, log } = environment;
  defineHubModels(database().sequelize);
  const links = linksOf(settings);
  const mail = mailStanding(settings);
  const context = { settings, log, links, receive, moved: moveDestination, mail };
  const channels = channelKinds
    .map((kind) => kind.create(context))
    .filter((channel) => channel !== undefined);
  const announce = announceOf(settings.config);
  for (const list of [announce.other, ...Object.values(announce.suites)]) {
    if (list !== "") canonicalDestination(`email:${list}`, channelKinds);
  }
  const canaries = canaryRules(settings.config, channelKinds);
  const configured = [...configuredRules(settings.config, channelKinds), ...canaries];
  const { leaseMs, subscribe } = options;
  const counters = createCounters(log);
  const dispatcher = createDispatcher({
    channels,
    log,
    counters,
    ...(leaseMs ? { leaseMs } : {}),
  });
  const routing = createRouting({
    registry,
    links,
    kinds: channelKinds,
    announce,
    configured,
    coverage: coverageOf(settings.config),
    log,
  });
  const mailroom = createMailroom(settings, log);
  const bells = {
    [JOURNAL_CHANNEL]: routing.ring,
    [DELIVERY_CHANNEL]: dispatcher.ring,
    [INCOMING_MAIL_CHANNEL]: mailroom.ring,
  };
  const services = [
    ...channels.map(channelService),
    counters,
    dispatcher,
    createChannelWatch(channels, log),
    routing,
    createFlushing({ registry, links, kinds: channelKinds, log }),
    mailroom,
    createListener(bells, log),
    createRecovery(environment),
    ...(settings.config.email.listen === "" ? [] : [createMailListener(settings, log)]),
    ...(subscribe === undefined ? [] : [intakeService(environment, subscribe)]),
    createCanary({
      environment,
      channels,
      destinations: canaries.map(({ destination }) => destination),
      everyMs: settings.config.canary.every_seconds * 1_000,
    }),
  ];
  return { services, channels };
}

function channelService(channel: Channel): Service {
  return {
    name: channel.name,
    start: () => channel.start?.() ?? Promise.resolve(),
    stop: () => channel.stop?.() ?? Promise.resolve(),
  };
}

function intakeService(environment: Environment, subscribe: Subscribe): Service {
  const batcher: Batcher<Heard> = createBatcher({
    take: takeIn,
    size: FRAMES_AT_ONCE,
    waitMs: FRAME_WAIT_MS,
    log: environment.log,
  });
  const follower = subscribe((heard) => batcher.add(heard));
  const watch = createSourceWatch({
    reader: "hub",
    sources: () => follower.sources(),
    log: environment.log,
  });
  return {
    name: "intake",
    async start() {
      await follower.start();
      await watch.start();
    },
    async stop() {
      await watch.stop();
      await follower.stop();
      await batcher.close();
    },
  };
}

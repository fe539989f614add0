import { userInfo } from "node:os";
import { createBot } from "./bot/main.ts";
import { loadRole } from "./bot/permissions.ts";
import { createTerminal } from "./bot/terminal.ts";
import type { PartName } from "./core/cli/parts.ts";
import { openDatabase } from "./core/database/open.ts";
import { createDemo, wantsDemo } from "./core/demo/service.ts";
import { createForwarder } from "./core/events/forwarder.ts";
import { createCourier } from "./core/events/producer/courier.ts";
import { forwarderOptions, producerOptions } from "./core/events/producer/setup.ts";
import { setUpEvents } from "./core/events/setup.ts";
import { createJobServer } from "./core/modules/jobs/service.ts";
import { createLighthouse } from "./core/modules/lighthouse/service.ts";
import type { Environment } from "./core/operation/declare.ts";
import { createRunner } from "./core/operation/runner.ts";
import { createSchedule, scheduleEntries } from "./core/scheduler/schedule.ts";
import { createTriggers } from "./core/scheduler/triggers.ts";
import { runServices, type Service } from "./core/service.ts";
import { busOf } from "./hub/bus.ts";
import { LOCAL_ROOM } from "./hub/channels/room/room.ts";
import { createHub } from "./hub/main.ts";
import { createWeb, type WebService } from "./hub/web/index.ts";

/**
 * Runs a part, or all of them, until a signal. Prints one line `ready …` when all answer.
 *
 * @throws OperatorError when something cannot start
 */
export async function runParts(name: PartName, environment: Environment): Promise<void> {
  setUpEvents(environment);
  const open = await openDatabase(environment.settings);
  const enough = new AbortController();
  try {
    const demo = await wantsDemo(environment.settings);
    const { services, where } = compose(name, { environment, demo, end: () => enough.abort() });
    await runServices(services, environment.log, {
      until: enough.signal,
      onReady: () => {
        process.stdout.write(`ready ${where()}\n`);
        if (name === "up" && process.stdin.isTTY) {
          process.stdout.write("Open that page, or type here: help, status, import demo\n");
        }
      },
    });
  } finally {
    await open.close();
  }
  // The log's own thread and ZeroMQ's would keep the process for a moment.
  process.exit();
}

interface Composition {
  services: Service[];
  /** What to print behind "ready". */
  where: () => string;
}

interface Wishes {
  environment: Environment;
  /** Set up the demo archive, and show how to go on from it. */
  demo: boolean;
  /** Stops everything, as a signal does. */
  end: () => void;
}

function compose(name: PartName, wishes: Wishes): Composition {
  const { environment } = wishes;
  const alone: Record<Exclude<PartName, "up">, () => Composition> = {
    lighthouse: () => composeLighthouse(environment),
    scheduler: () =>
      composed([...sendingServices(environment), ...schedulerServices(environment)], "scheduler"),
    hub: () => composed(createHub(environment, { subscribe: busOf(environment) }).services, "hub"),
    bot: () => composed([createBot(environment)], "bot"),
    web: () => composeWeb(wishes),
  };
  return name === "up" ? composeAll(wishes) : alone[name]();
}

function composeAll(wishes: Wishes): Composition {
  const { environment } = wishes;
  const web = composeWeb(wishes);
  const hub = createHub(environment, { subscribe: busOf(environment) });
  const services = [
    createLighthouse(environment),
    createJobServer(environment),
    ...sendingServices(environment),
    ...hub.services,
    createBot(environment),
    ...schedulerServices(environment),
    ...(wishes.demo ? [createDemo(environment)] : []),
    ...web.services,
    createTerminal({
      input: process.stdin,
      output: process.stdout,
      user: userInfo().username,
      log: environment.log,
      onEnd: wishes.end,
    }),
  ];
  return { services, where: web.where };
}

function composed(services: Service[], where: string): Composition {
  return { services, where: () => where };
}

function composeLighthouse(environment: Environment): Composition {
  const lighthouse = createLighthouse(environment);
  const jobServer = createJobServer(environment);
  return {
    services: [lighthouse, jobServer, ...sendingServices(environment)],
    where: () => {
      const { submit, publish } = lighthouse.endpoints();
      return [...submit, ...publish, ...jobServer.endpoints()].join(" ");
    },
  };
}

/** What brings events of this machine to Lighthouses elsewhere, and its left spool to any. */
function sendingServices(environment: Environment): Service[] {
  const elsewhere = environment.settings.config.lighthouse.servers.submit.length > 0;
  return [
    createCourier(producerOptions(environment)),
    ...(elsewhere ? [createForwarder(forwarderOptions(environment))] : []),
  ];
}

function schedulerServices(environment: Environment): Service[] {
  const { registry, settings, log } = environment;
  const entries = scheduleEntries(registry, settings.config.schedule);
  return [
    createRunner(environment),
    createSchedule(registry, entries, log),
    createTriggers(registry, log),
  ];
}

function composeWeb({ environment, demo }: Wishes): Composition {
  const { log } = environment;
  const web: WebService = createWeb({
    ...environment,
    demo,
    roleOf: (name, role) => loadRole(name, LOCAL_ROOM, { localRole: role, log }),
  });
  return { services: [web], where: () => web.address() };
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Config } from "../../core/config.ts";
import { connect, database } from "../../core/database/connect.ts";
import { joinEmbeddedServer } from "../../core/database/embedded/server.ts";
import { createListener } from "../../core/database/listen.ts";
import { silentLog } from "../../core/log.ts";
import type { Message } from "../../core/message.ts";
import { matrix } from "../../hub/channels/matrix/index.ts";
import { createDispatcher } from "../../hub/delivery/dispatcher.ts";
import { DELIVERY_CHANNEL, post } from "../../hub/delivery/outbox.ts";
import { receive } from "../../hub/incoming.ts";
import { linksOf } from "../../hub/links.ts";
import { defineHubModels } from "../../hub/model/index.ts";
import { type Homeserver, startHomeserver } from "../../test/support/homeserver/homeserver.ts";
import { type Line, machineLine, printTable } from "../report.ts";

const HEALTHY = 20;
const WORDS: Message = { tone: "neutral", headline: ["hello"] };

/** What the healthy rooms had to wait for, from the commit of a delivery to its event. */
interface Waits {
  milliseconds: number[];
  /** Rooms that were made to hang or to refuse, and how many requests for them came. */
  bad: number;
  requests: number;
}

/**
 * Twenty rooms hear a message every so often, first alone, then beside rooms that answer 429 and
 * rooms that never answer: how much longer do the twenty wait?
 */
export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "60" },
      rate: { type: "string", default: "50" },
      hanging: { type: "string", default: "1,10,30" },
      markdown: { type: "boolean", default: false },
    },
  });
  const [seconds, rate] = [Number(values.seconds), Number(values.rate)];
  const folder = mkdtempSync(join(tmpdir(), "lk-bench-slow-room-"));
  const server = await joinEmbeddedServer({ directory: folder });
  try {
    defineHubModels((await connect(server.address)).sequelize);
    process.stdout.write(`${machineLine()}; ${rate} messages/s for ${seconds} s a run\n`);
    const lines: Line[] = [];
    for (const bad of [0, ...values.hanging.split(",").map(Number)]) {
      lines.push(lineOf(await oneRun(folder, bad, seconds, rate)));
    }
    printTable("Wait of healthy rooms beside bad ones", lines, values.markdown);
  } finally {
    await database().close();
    server.release();
    await sleep(1_000);
    rmSync(folder, { recursive: true, force: true });
  }
}

function lineOf({ bad, milliseconds, requests }: Waits): Line {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${(sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0)} ms`;
  return {
    beside: bad === 0 ? "nothing" : `${bad} that hang and ${bad} that answer 429`,
    messages: String(sorted.length),
    p50: at(0.5),
    p99: at(0.99),
    most: `${(sorted.at(-1) ?? 0).toFixed(0)} ms`,
    "requests of the bad": String(requests),
  };
}

async function oneRun(folder: string, bad: number, seconds: number, rate: number): Promise<Waits> {
  await database().query("truncate delivery, channel_stop cascade");
  const homeserver = await startHomeserver();
  const bot = await homeserver.newUser("bot");
  writeFileSync(join(folder, "token"), bot.token, { mode: 0o600 });
  const section = { homeserver: homeserver.url, user: bot.userId, token_file: "token" };
  const config = Config.parse({ matrix: section });
  const settings = { config, dataDirectory: folder, file: undefined };
  const log = silentLog();
  const channel = matrix.create({ settings, log, links: linksOf(settings), receive });
  if (channel === undefined) throw new Error("no Matrix channel");
  const dispatcher = createDispatcher({ channels: [channel], log });
  const listener = createListener({ [DELIVERY_CHANNEL]: dispatcher.ring }, log);
  const services = [listener, dispatcher];
  await channel.start?.();
  for (const one of services) await one.start();
  try {
    return await talk(homeserver, bot.userId, { bad, seconds, rate });
  } finally {
    for (const one of services.reverse()) await one.stop();
    await channel.stop?.();
    await homeserver.stop();
  }
}

async function talk(
  homeserver: Homeserver,
  bot: string,
  { bad, seconds, rate }: { bad: number; seconds: number; rate: number },
): Promise<Waits> {
  const rooms = (count: number): string[] =>
    Array.from({ length: count }, () => homeserver.createRoom(bot));
  const [good, hanging, limited] = [rooms(HEALTHY), rooms(bad), rooms(bad)];
  for (const room of hanging) {
    homeserver.fault({ path: `${room}/send/` }, { kind: "held", until: new Promise(() => {}) });
  }
  for (const room of limited) {
    homeserver.fault({ path: `${room}/send/` }, { kind: "limited", afterMs: 2_000 });
  }
  const all = [...good, ...hanging, ...limited];
  const until = performance.now() + seconds * 1_000;
  for (let n = 0; performance.now() < until; n++) {
    // The bad ones hear less often, so that the good ones are as busy in each run.
    await post(`matrix:${good[n % HEALTHY]}`, WORDS);
    if (n % 10 === 0) await post(`matrix:${all[(n / 10) % all.length]}`, WORDS);
    await sleep(
      Math.max(0, until - seconds * 1_000 + ((n + 1) * 1_000) / rate - performance.now()),
    );
  }
  await sleep(5_000);
  const rows = await database().query<{ wait: number }>(
    `select extract(epoch from finished_at - created_at)::float8 * 1000 as wait from delivery
      where destination = any($1) and state = 'sent'`,
    [good.map((room) => `matrix:${room}`)],
  );
  const isBad = ({ path }: { path: string }): boolean =>
    [...hanging, ...limited].some((room) => path.includes(`${room}/send/`));
  const { length: requests } = homeserver.requests.filter(isBad);
  return { bad, milliseconds: rows.map(({ wait }) => wait), requests };
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Config } from "../../core/config.ts";
import { database } from "../../core/database/connect.ts";
import { silentLog } from "../../core/log.ts";
import { renderText } from "../../core/message.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createLighthouse } from "../../core/modules/lighthouse/service.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import type { Service } from "../../core/service.ts";
import { busOf } from "../../hub/bus.ts";
import { canaryRules } from "../../hub/canary/rules.ts";
import { seenCanaries } from "../../hub/canary/seen.ts";
import { channelKinds } from "../../hub/channels/index.ts";
import { createHub } from "../../hub/main.ts";
import { hubModule } from "../../hub/module.ts";
import { eventually } from "../support/eventually.ts";
import { startHomeserver } from "../support/homeserver/homeserver.ts";
import { hubDatabase, says } from "../support/hub.ts";
import { freePorts } from "../support/system.ts";

test.before(hubDatabase);
test.after.always(() => database().close());

test("a canary goes over the bus to a room and a mailbox and is seen in both", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "lk-canary-"));
  const homeserver = await startHomeserver();
  const bot = await homeserver.newUser("bot");
  const [yard, lobby] = [homeserver.createRoom(bot.userId), homeserver.createRoom(bot.userId)];
  const [submit, publish, replay] = await freePorts(3);
  writeFileSync(join(folder, "token"), bot.token, { mode: 0o600 });
  const [mailbox, room] = ["email:canary@localhost", `matrix:${yard}`];
  const config = Config.parse({
    lighthouse: {
      submit: `tcp://127.0.0.1:${submit}`,
      publish: `tcp://127.0.0.1:${publish}`,
      replay: `tcp://127.0.0.1:${replay}`,
    },
    matrix: {
      homeserver: homeserver.url,
      user: bot.userId,
      token_file: "token",
      room: lobby,
    },
    canary: { to: [room, mailbox] },
  });
  const settings = { config, dataDirectory: folder, file: undefined };
  const registry = createRegistry([...coreModules, hubModule]);
  const environment = { settings, registry, log: silentLog() };
  const hub = createHub(environment, { subscribe: busOf(environment) });
  const services: Service[] = [createLighthouse(environment), ...hub.services];
  const started: Service[] = [];
  try {
    for (const service of services) {
      started.push(service);
      await service.start();
    }
    await eventually(async () => {
      const seen = await seenCanaries();
      return seen.length === 2 && seen.every(({ tripSeconds }) => tripSeconds > 0);
    }, "seen in both");
    t.deepEqual(
      (await seenCanaries()).map(({ destination }) => destination),
      [mailbox, room],
    );
    t.is(homeserver.timeline(yard).length, 1);
    t.regex(homeserver.timeline(yard)[0]?.body ?? "", /checks that news arrives here/);
    // Nobody else hears of it.
    t.deepEqual(homeserver.timeline(lobby), []);
    const told = await database().query<{ destination: string }>(
      "select destination from delivery order by destination",
    );
    t.deepEqual(
      told.map(({ destination }) => destination),
      [mailbox, room],
    );
    const [event] = await database().query<{ signed: boolean; origin: string }>(
      "select signer is not null as signed, origin from event",
    );
    t.deepEqual(event, { signed: true, origin: "submitted" });
    const [status] = (await hubModule.status?.())?.slice(-1) ?? [];
    t.regex(renderText(status?.message ?? says("")), /Canary: seen everywhere [\d.]+ s ago/);
    t.regex((await hubModule.check?.(environment))?.map(renderText).join() ?? "", /arrives at/);
    await database().query("update canary_seen set sent_at = now() - interval '10 minutes'");
    const findings = (await hubModule.check?.(environment)) ?? [];
    t.true(findings.some((finding) => /nothing arrives at/.test(renderText(finding))));
  } finally {
    for (const service of started.reverse()) await service.stop();
    await homeserver.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("canaries go only where somebody can look", (t) => {
  const config = Config.parse({ canary: { to: ["email:a@EXAMPLE.org"] } });
  t.like(canaryRules(config, channelKinds)[0], { destination: "email:a@example.org" });
  const bad = Config.parse({ canary: { to: "nowhere" } });
  t.throws(() => canaryRules(bad, channelKinds), { message: /not a destination/ });
});

import { randomUUID } from "node:crypto";
import test from "ava";
import { z } from "zod";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { declareEvent } from "../../../core/events/declare.ts";
import { silentLog } from "../../../core/log.ts";
import { plainLine } from "../../../core/message.ts";
import { Event } from "../../../core/model/event.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { channelKinds } from "../../../hub/channels/index.ts";
import { Delivery } from "../../../hub/model/delivery.ts";
import { LOCAL_ROOM } from "../../../hub/channels/room/room.ts";
import { moveDestination } from "../../../hub/routing/move.ts";
import {
  createRouteBatch,
  createRouting,
  type RoutingOptions,
} from "../../../hub/routing/routing.ts";
import { configuredRules, LOCAL_MAILBOX } from "../../../hub/routing/rules.ts";
import {
  type NewSubscription,
  subscribe,
  unsubscribe,
} from "../../../hub/routing/subscription/store.ts";
import { post } from "../../../hub/delivery/outbox.ts";
import { eventually } from "../../support/eventually.ts";
import { booksDiffer, hubDatabase, says, settingsOf, unpaced } from "../../support/hub.ts";

test.before(hubDatabase);
test.beforeEach(async () => {
  await database().query(
    "truncate event, event_to_route, delivery, subscription, subscriber, pace, bundle cascade",
  );
  await unpaced(LOCAL_MAILBOX, LOCAL_ROOM, "email:anna@example.org");
});
test.after.always(() => database().close());

const happened = declareEvent({
  tag: "_lk.test.happened",
  summary: "something",
  schema: z.object({ name: z.string() }),
  audience: "people",
  subject: ({ name }) => {
    if (name === "senseless") throw new Error("a bug in the subject");
    return { packages: [name], suites: ["sid"], repository: "master" };
  },
  render: ({ name }) => {
    if (name === "breaks") throw new Error("a bug in the rendering");
    return { tone: "good", headline: [name] };
  },
});
const noise = declareEvent({ ...happened, tag: "_lk.test.noise", audience: "noise" });

const options: RoutingOptions = {
  registry: createRegistry([{ name: "test", summary: "", events: [happened, noise] }]),
  links: { web: undefined },
  kinds: channelKinds,
  announce: { other: "", suites: {} },
  configured: configuredRules(settingsOf({}).config, channelKinds),
  coverage: "none",
  log: silentLog(),
};

async function journal(
  name: string,
  tag = "_lk.test.happened",
  data: Record<string, unknown> = { name },
): Promise<void> {
  await Event.create({
    uuid: randomUUID(),
    tag,
    time: new Date(),
    signer: null,
    origin: "local",
    body: "",
    data,
  });
}

function route(destination: string, part: Partial<NewSubscription> = {}) {
  const wanted = { kind: "matching", value: "", condition: "" } as const;
  return subscribe({ ...wanted, owner: "anna", createdBy: "anna", destination, ...part });
}

function named(value: string): Partial<NewSubscription> {
  return { kind: "package", value };
}

async function unrouted(): Promise<number> {
  return (await database().query("select from event_to_route")).length;
}

async function told(): Promise<string[]> {
  const deliveries = await Delivery.findAll({ order: ["number"] });
  return deliveries.map(
    (one) => `${plainLine(one.message.headline)} → ${one.destination} (${one.reason})`,
  );
}

test.serial(
  "what is for people reaches the local room and the mailbox of this machine",
  async (t) => {
    await journal("bash");
    t.is(await createRouteBatch(options)(), 1);
    t.deepEqual(await told(), [
      `bash → ${LOCAL_MAILBOX} (the mailbox of this machine)`,
      "bash → room:local (the local room)",
    ]);
    t.is(await unrouted(), 0);
    t.is(await createRouteBatch(options)(), 0);
    t.is(await booksDiffer({ pending: 2 }), undefined);
  },
);

test.serial("stored rules add destinations, each once per event", async (t) => {
  await route("email:anna@example.org", named("bash"));
  await route("email:anna@example.org", { kind: "suite", value: "sid" });
  await route("room:local", named("bash"));
  await journal("bash");
  await createRouteBatch({ ...options, configured: [] })();
  const lines = await told();
  t.is(lines.length, 2);
  t.regex(lines[0] ?? "", /^bash → email:anna@example.org \(route \d+ of anna\)$/);
});

test.serial("a changed rule counts for the next event", async (t) => {
  const batch = createRouteBatch({ ...options, configured: [] });
  await journal("bash");
  await batch();
  await route("email:anna@example.org", named("bash"));
  await journal("bash");
  await batch();
  await unsubscribe({ kind: "package", value: "bash" }, "anna");
  await journal("bash");
  await batch();
  await route("email:anna@example.org", named("zsh"));
  await journal("zsh");
  await batch();
  await database().query("delete from subscription");
  await journal("zsh");
  await batch();
  t.deepEqual(
    (await told()).map((line) => line.split(" ")[0]),
    ["bash", "zsh"],
  );
});

test.serial("noise reaches only who asked for it", async (t) => {
  await route("email:anna@example.org", { condition: "tag = test.noise" });
  await route("email:ben@example.org", named("bash"));
  await journal("bash", "_lk.test.noise");
  await createRouteBatch(options)();
  t.deepEqual(
    (await Delivery.findAll()).map((one) => one.destination),
    ["email:anna@example.org"],
  );
});

test.serial("a rendering with a bug holds nothing up, and people learn of the event", async (t) => {
  await journal("breaks");
  await journal("bash");
  t.is(await createRouteBatch(options)(), 2);
  t.is(await booksDiffer({ pending: 4 }), undefined);
  t.regex(JSON.stringify((await Delivery.findAll({ order: ["number"] }))[0]), /cannot be shown/);
});

test.serial(
  "a declaration or a rule with a bug holds nothing up, and people learn of it",
  async (t) => {
    await journal("senseless");
    await journal("bash");
    t.is(await createRouteBatch(options)(), 2);
    t.is(await booksDiffer({ pending: 4 }), undefined);
    const kinds = channelKinds.map((kind) => ({ ...kind, canonical: failing }));
    const data = { repo: "master", upload_name: "x_1", uploader_email: "anna@example.org" };
    await journal("ignored", "_lk.archive.package-upload-rejected", data);
    await journal("dash");
    t.is(await createRouteBatch({ ...options, kinds })(), 2);
    t.is(await booksDiffer({ pending: 8 }), undefined);
  },
);

function failing(): never {
  throw new Error("a bug in the addresses");
}

test.serial("routing that is cut off leaves no half of it", async (t) => {
  await journal("bash");
  await t.throwsAsync(
    inTransaction(async () => {
      await createRouteBatch(options)();
      throw new Error("crash");
    }),
  );
  t.is(await booksDiffer({}), undefined);
  t.is(await unrouted(), 1);
  await createRouteBatch(options)();
  t.is(await booksDiffer({ pending: 2 }), undefined);
});

test.serial("two hubs route each event once", async (t) => {
  for (let n = 0; n < 300; n++) await journal(`package-${n}`);
  const hubs = [createRouting(options), createRouting(options)];
  for (const hub of hubs) await hub.start();
  await eventually(async () => (await unrouted()) === 0, "routed");
  for (const hub of hubs) await hub.stop();
  t.is(await booksDiffer({ pending: 600 }), undefined);
});

test.serial("deliveries of a line are in the order of the events", async (t) => {
  for (let n = 0; n < 30; n++) await journal(`package-${n}`);
  await createRouteBatch(options)();
  const lines = (await told()).filter((line) => line.includes("room:local"));
  t.deepEqual(
    lines.map((line) => line.split(" ")[0]),
    Array.from({ length: 30 }, (_, n) => `package-${n}`),
  );
});

test.serial("what was meant for a place goes to the one that replaced it", async (t) => {
  await route("matrix:!old:example.org", named("bash"));
  await route("matrix:!old:example.org", named("zsh"));
  await route("matrix:!new:example.org", named("zsh"));
  await post("matrix:!old:example.org", says("waits"));
  await moveDestination("matrix:!old:example.org", "matrix:!new:example.org");
  t.deepEqual(
    (await Delivery.findAll()).map((one) => one.destination),
    ["matrix:!new:example.org"],
  );
  await journal("bash");
  await journal("zsh");
  await createRouteBatch({ ...options, configured: [] })();
  t.is((await told()).filter((line) => line.includes("!new:")).length, 3);
});

test("the configuration says who hears everything", (t) => {
  const destinations = (config: Record<string, unknown>): string[] =>
    configuredRules(settingsOf(config).config, channelKinds).map((rule) => rule.destination);
  t.deepEqual(destinations({}), [LOCAL_MAILBOX, "room:local"]);
  t.deepEqual(destinations({ email: { smtp: "smtp://mail" } }), ["room:local"]);
  t.deepEqual(
    destinations({
      email: { smtp: "smtp://mail", to: ["a@example.org", "b@Example.ORG"] },
      matrix: { homeserver: "https://m.example.org", room: "#news:example.org" },
    }),
    ["matrix:#news:example.org", "email:a@example.org", "email:b@example.org", "room:local"],
  );
  t.throws(() => destinations({ email: { to: "nobody" } }), { message: /is not a destination/ });
});

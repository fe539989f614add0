import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { silentLog } from "../../../core/log.ts";
import { renderText } from "../../../core/message.ts";
import type { Channel, Outcome, Outgoing } from "../../../hub/channels/channel.ts";
import { stoppedChannels } from "../../../hub/delivery/channel-stop.ts";
import { createDispatcher, type Dispatcher } from "../../../hub/delivery/dispatcher.ts";
import { Delivery } from "../../../hub/model/delivery.ts";
import { post, revise } from "../../../hub/delivery/outbox.ts";
import { requeueDeliveries } from "../../../hub/delivery/requeue.ts";
import { eventually } from "../../support/eventually.ts";
import { booksDiffer, hubDatabase, says } from "../../support/hub.ts";

test.before(hubDatabase);
test.beforeEach(() => database().query("truncate delivery, channel_stop cascade"));
test.after.always(() => database().close());

const FAST = { firstMs: 20, lastMs: 40 };
const DELIVERED: Outcome = { outcome: "delivered", remoteId: "remote" };
const LATER: Outcome = { outcome: "failed", retry: true, reason: "not now" };
const NEVER: Outcome = { outcome: "failed", retry: false, reason: "no such user" };

/** A way to people that does as the test says, and remembers what it was given. */
function scripted(
  answer: (delivery: Outgoing, signal: AbortSignal) => Outcome | Promise<Outcome>,
  part: Partial<Channel> = {},
): Channel & { seen: Outgoing[] } {
  const seen: Outgoing[] = [];
  return {
    name: "test",
    canEdit: true,
    concurrency: 4,
    seen,
    // oxlint-disable-next-line typescript/require-await -- throws become rejections
    send: async (delivery, signal) => {
      seen.push(delivery);
      return answer(delivery, signal);
    },
    ...part,
  };
}

async function running(
  channels: Channel[],
  work: (dispatcher: Dispatcher) => Promise<void>,
  leaseMs?: number,
): Promise<void> {
  const options = { channels, log: silentLog(), retry: FAST };
  const dispatcher = createDispatcher(leaseMs === undefined ? options : { ...options, leaseMs });
  await dispatcher.start();
  try {
    await work(dispatcher);
  } finally {
    await dispatcher.stop();
  }
}

async function state(id: string): Promise<string | undefined> {
  return (await Delivery.findByPk(id))?.state;
}

function words(seen: Outgoing[]): unknown[] {
  return seen.map((delivery) => delivery.message.headline[0]);
}

test.serial("what is posted is sent, and its remote id kept", async (t) => {
  const channel = scripted(() => DELIVERED);
  await running([channel], async (dispatcher) => {
    const id = await post("test:a", says("hello"));
    dispatcher.ring();
    await eventually(async () => (await state(id)) === "sent", "sent");
    const delivery = await Delivery.findByPk(id, { rejectOnEmpty: true });
    t.like(delivery.toJSON(), { remoteId: "remote", attempts: 1, lastError: null });
    t.like(channel.seen[0], { id, address: "a", destination: "test:a", attempt: 1 });
  });
  t.is(await booksDiffer({ sent: 1 }), undefined);
});

test.serial("a destination hears things in order, also through retries", async (t) => {
  let failures = 3;
  const channel = scripted((delivery) =>
    delivery.message.headline[0] === "2" && failures-- > 0 ? LATER : DELIVERED,
  );
  for (const text of ["1", "2", "3", "4"]) await post("test:a", says(text));
  await running([channel], () =>
    eventually(async () => (await booksDiffer({ sent: 4 })) === undefined, "all sent"),
  );
  t.deepEqual(words(channel.seen), ["1", "2", "2", "2", "2", "3", "4"]);
  t.is(new Set(channel.seen.slice(1, 5).map((one) => one.id)).size, 1);
  t.deepEqual(
    channel.seen.slice(1, 5).map((one) => one.attempt),
    [1, 2, 3, 4],
  );
});

test.serial("a destination that hangs delays no other, nor another channel", async (t) => {
  const never = new Promise<Outcome>(() => undefined);
  const slow = scripted((one) => (one.address.startsWith("hangs") ? never : DELIVERED));
  const other = scripted(() => DELIVERED, { name: "other" });
  for (const address of ["hangs-1", "hangs-2", "hangs-3"]) await post(`test:${address}`, says("x"));
  for (let n = 0; n < 30; n++) await post(`test:b${n % 3}`, says("x"));
  await post("other:a", says("x"));
  await running([slow, other], () =>
    eventually(async () => (await booksDiffer({ sent: 31, pending: 3 })) === undefined, "the rest"),
  );
  t.is(await booksDiffer({ sent: 31, pending: 3 }), undefined);
});

/** A channel on which everything for `hangs-…` hangs until it is let go. */
function hanging(part: Partial<Channel> = {}) {
  let letGo: () => void = () => undefined;
  const held = new Promise<Outcome>((resolve) => (letGo = () => resolve(DELIVERED)));
  const channel = scripted((one) => (one.address.startsWith("hangs") ? held : DELIVERED), part);
  return { channel, letGo };
}

test.serial("more destinations that hang than there are places delay no other", async (t) => {
  const { channel, letGo } = hanging({ hanging: 12 });
  for (let n = 0; n < 10; n++) await post(`test:hangs-${n}`, says("x"));
  for (let n = 0; n < 30; n++) await post(`test:x${n % 3}`, says("x"));
  await running([channel], async () => {
    const rest = async () => (await booksDiffer({ sent: 30, pending: 10 })) === undefined;
    await eventually(rest, "the rest");
    t.is(channel.seen.length, 40);
    letGo();
  });
  t.is(await booksDiffer({ sent: 40 }), undefined);
});

test.serial("what failed before takes no place from what was never tried", async (t) => {
  const { channel, letGo } = hanging();
  for (let n = 0; n < 30; n++) await post(`test:hangs-${n}`, says("x"));
  await database().query("update delivery set attempts = 3");
  for (let n = 0; n < 30; n++) await post(`test:x${n % 3}`, says("x"));
  await running([channel], async () => {
    const rest = async () => (await booksDiffer({ sent: 30, pending: 30 })) === undefined;
    await eventually(rest, "the rest");
    // As many as may hang, and not one more in front of the others.
    t.is(channel.seen.filter((one) => one.address.startsWith("hangs")).length, 4);
    letGo();
    await eventually(async () => (await booksDiffer({ sent: 60 })) === undefined, "all sent");
  });
});

test.serial("a limit of the whole account is found out by few, and heeded by all", async (t) => {
  let limited = true;
  const wait: Outcome = {
    outcome: "failed",
    retry: true,
    limited: true,
    afterMs: 300,
    untaken: true,
    reason: "slow down",
  };
  const channel = scripted(() => (limited ? wait : DELIVERED));
  for (let n = 0; n < 40; n++) await post(`test:${n}`, says("x"));
  await running([channel], async () => {
    await eventually(() => channel.seen.length >= 3, "limited");
    await sleep(150);
    t.true(channel.seen.length <= channel.concurrency + 3, `${channel.seen.length} tries`);
    limited = false;
    await eventually(async () => (await booksDiffer({ sent: 40 })) === undefined, "all sent");
  });
});

test.serial("what the other side asked to wait is over before it is tried again", async (t) => {
  const tries: number[] = [];
  const channel = scripted(() => {
    tries.push(Date.now());
    if (tries.length > 1) return DELIVERED;
    return { outcome: "failed", retry: true, reason: "slow down", afterMs: 300 };
  });
  await post("test:a", says("x"));
  await running([channel], () =>
    eventually(async () => (await booksDiffer({ sent: 1 })) === undefined, "sent"),
  );
  const [first = 0, second = 0] = tries;
  t.true(second - first >= 300);
});

test.serial(
  "since when it is unclear whether a message arrived is kept through retries",
  async (t) => {
    const outcomes: Outcome[] = [
      { ...LATER, untaken: true },
      LATER,
      { ...LATER, untaken: true },
      NEVER,
      DELIVERED,
    ];
    const channel = scripted(() => outcomes.shift() ?? DELIVERED);
    await post("test:a", says("x"));
    await running([channel], async (dispatcher) => {
      await eventually(async () => (await booksDiffer({ dead: 1 })) === undefined, "dead");
      await requeueDeliveries({ all: true });
      dispatcher.ring();
      await eventually(async () => (await booksDiffer({ sent: 1 })) === undefined, "sent");
    });
    const [first, second, third, fourth, fifth] = channel.seen.map((one) => one.unclearSince);
    t.is(first, undefined);
    t.is(second, undefined);
    t.truthy(third);
    t.deepEqual(fourth, third);
    t.deepEqual(fifth, third);
  },
);

test.serial("more destinations than places all get their turn", async (t) => {
  const channel = scripted(() => DELIVERED, { concurrency: 2 });
  for (let n = 0; n < 20; n++) await post(`test:${n}`, says("x"));
  await running([channel], () =>
    eventually(async () => (await booksDiffer({ sent: 20 })) === undefined, "all sent"),
  );
  t.is(new Set(channel.seen.map((one) => one.destination)).size, 20);
});

test.serial("a destination whose line never ends does not starve those after it", async (t) => {
  let late = 0;
  const channel = scripted(
    async (one) => {
      if (one.address === "a" && late === 0) await post("test:a", says("more"));
      if (one.address === "z") late = channel.seen.length;
      return DELIVERED;
    },
    { concurrency: 1 },
  );
  await post("test:a", says("x"));
  await post("test:z", says("x"));
  await running([channel], () => eventually(() => late > 0, "z is served"));
  t.true(late <= 3);
});

test.serial("what the other side asked to wait is obeyed", async (t) => {
  let first = true;
  const channel = scripted(() => {
    if (!first) return DELIVERED;
    first = false;
    return { outcome: "failed", retry: true, reason: "slow down", afterMs: 86_400_000 };
  });
  const id = await post("test:a", says("x"));
  await running([channel], async () => {
    await eventually(() => channel.seen.length === 1, "one attempt");
    await eventually(async () => (await Delivery.findByPk(id))?.lastError === "slow down", "kept");
  });
  const delivery = await Delivery.findByPk(id, { rejectOnEmpty: true });
  const waits = delivery.nextAttemptAt.getTime() - (delivery.attemptedAt?.getTime() ?? 0);
  t.true(waits >= 86_400_000 && waits < 86_400_000 + 60_000);
  t.is(await booksDiffer({ pending: 1 }), undefined);
});

test.serial("what can never work is dead at once, with the reason, and others go on", async (t) => {
  const channel = scripted((one) => (one.message.headline[0] === "bad" ? NEVER : DELIVERED));
  const id = await post("test:a", says("bad"));
  await post("test:a", says("good"));
  await running([channel], () =>
    eventually(async () => (await booksDiffer({ sent: 1, dead: 1 })) === undefined, "both ended"),
  );
  t.like((await Delivery.findByPk(id))?.toJSON(), { attempts: 1, lastError: "no such user" });
});

test.serial("the dead are sent again after a requeue, at the end of the line", async (t) => {
  let broken = true;
  const channel = scripted((one) =>
    broken && one.message.headline[0] === "bad" ? NEVER : DELIVERED,
  );
  const id = await post("test:a", says("bad"));
  await post("test:b", says("bad"));
  await running([channel], async (dispatcher) => {
    await eventually(async () => (await booksDiffer({ dead: 2 })) === undefined, "dead");
    broken = false;
    const number = (await Delivery.findByPk(id))?.number ?? "";
    t.is(await requeueDeliveries({ numbers: [number] }), 1);
    dispatcher.ring();
    await eventually(async () => (await booksDiffer({ sent: 1, dead: 1 })) === undefined, "sent");
    t.is(await requeueDeliveries({ destinationLike: "test:%" }), 1);
    t.is(await requeueDeliveries({ all: true }), 0);
    dispatcher.ring();
    await eventually(async () => (await booksDiffer({ sent: 2 })) === undefined, "sent");
  });
  const retried = channel.seen.filter((one) => one.destination === "test:a");
  t.is(new Set(retried.map((one) => one.id)).size, 1);
});

test.serial("what fails for seven days is dead", async (t) => {
  const channel = scripted(() => LATER);
  const id = await post("test:a", says("x"));
  await database().query("update delivery set give_up_at = now() - interval '1 second'");
  await running([channel], () =>
    eventually(async () => (await booksDiffer({ dead: 1 })) === undefined, "dead"),
  );
  t.is((await Delivery.findByPk(id))?.lastError, "not now (given up after 7 days)");
});

test.serial("a channel that throws is asked again, and not for ever", async (t) => {
  const channel = scripted(() => {
    throw new Error("a bug");
  });
  const id = await post("test:a", says("x"));
  await running([channel], () =>
    eventually(async () => (await booksDiffer({ dead: 1 })) === undefined, "dead"),
  );
  t.like((await Delivery.findByPk(id))?.toJSON(), { attempts: 10, lastError: "internal: a bug" });
});

test.serial("a channel that stops tries one delivery only, and starts when it works", async (t) => {
  let works = false;
  const stop: Outcome = { outcome: "failed", retry: true, stop: true, reason: "wrong password" };
  const channel = scripted(() => (works ? DELIVERED : stop));
  for (let n = 0; n < 16; n++) await post(`test:${n}`, says("x"));
  await running([channel], async (dispatcher) => {
    await eventually(async () => (await stoppedChannels()).length === 1, "stopped");
    t.like((await stoppedChannels())[0], { channel: "test", reason: "wrong password" });
    await sleep(200);
    // Those that were under way when the first one failed, and no more. On a slow machine some of
    // them made room for others before.
    t.true(channel.seen.length <= 2 * channel.concurrency);
    const before = channel.seen.length;
    await database().query("update channel_stop set retry_at = now()");
    await database().query("update delivery set next_attempt_at = now()");
    dispatcher.ring();
    await eventually(() => channel.seen.length === before + 1, "one more attempt");
    await eventually(async () => (await stoppedChannels())[0]?.waiting === true, "stopped again");
    works = true;
    await requeueDeliveries({ channel: "test" });
    await database().query("update delivery set next_attempt_at = now()");
    dispatcher.ring();
    await eventually(async () => (await booksDiffer({ sent: 16 })) === undefined, "all sent");
  });
  t.deepEqual(await stoppedChannels(), []);
});

test.serial("edits go to the message they change", async (t) => {
  const channel = scripted(() => DELIVERED);
  const id = await post("test:a", says("0 %"));
  await running([channel], async (dispatcher) => {
    await eventually(async () => (await state(id)) === "sent", "sent");
    await revise(id, says("50 %"), { final: false });
    dispatcher.ring();
    await eventually(async () => (await booksDiffer({ sent: 2 })) === undefined, "edited");
  });
  t.deepEqual(channel.seen[1]?.edits, { id, remoteId: "remote" });
  t.false(channel.seen[1]?.final);
});

test.serial("where messages cannot be changed only the final edit is sent", async (t) => {
  const channel = scripted(() => DELIVERED, { canEdit: false });
  const id = await post("test:a", says("0 %"));
  const half = await revise(id, says("50 %"), { final: false });
  await running([channel], async (dispatcher) => {
    await eventually(async () => (await state(half)) === "cancelled", "skipped");
    await revise(id, says("done"));
    dispatcher.ring();
    await eventually(async () => (await booksDiffer({ sent: 2, cancelled: 1 })) === undefined, "");
  });
  t.deepEqual(words(channel.seen), ["0 %", "done"]);
});

test.serial("an edit of what never arrived has nothing to change", async (t) => {
  const channel = scripted((one) => (one.edits === undefined ? NEVER : DELIVERED));
  const id = await post("test:a", says("0 %"));
  await revise(id, says("done"));
  await running([channel], () =>
    eventually(async () => (await booksDiffer({ dead: 1, sent: 1 })) === undefined, "ended"),
  );
  t.deepEqual(channel.seen[1]?.edits, { id });
});

test.serial("what a channel leaves out on purpose is cancelled, with the reason", async (t) => {
  const channel = scripted(() => ({ outcome: "skipped", reason: "trials only" }));
  const id = await post("test:a", says("x"));
  await running([channel], () =>
    eventually(async () => (await state(id)) === "cancelled", "cancelled"),
  );
  t.is((await Delivery.findByPk(id))?.lastError, "trials only");
});

test.serial("two dispatchers send each delivery once, in order", async (t) => {
  const channels = [1, 2].map(() =>
    scripted(async () => {
      await sleep(1);
      return DELIVERED;
    }),
  );
  const order: string[] = [];
  for (let n = 0; n < 60; n++) await post(`test:${n % 5}`, says(String(n)));
  for (const channel of channels) {
    const { send } = channel;
    channel.send = (one, signal) => {
      order.push(`${one.destination} ${renderText(one.message).padStart(8)}`);
      return send(one, signal);
    };
  }
  const [first, second] = channels;
  await running([first as Channel], () =>
    running([second as Channel], () =>
      eventually(async () => (await booksDiffer({ sent: 60 })) === undefined, "all sent"),
    ),
  );
  t.is(new Set(order).size, 60);
  t.is(order.length, 60);
  for (let n = 0; n < 5; n++) {
    const line = order.filter((one) => one.startsWith(`test:${n} `));
    t.deepEqual(line, line.toSorted());
  }
});

test.serial("a sender that lost its lease writes nothing", async (t) => {
  let hold: (outcome: Outcome) => void = () => undefined;
  const stuck = scripted(() => new Promise<Outcome>((resolve) => (hold = resolve)));
  const healthy = scripted(() => ({ outcome: "delivered", remoteId: "by the other" }));
  const id = await post("test:a", says("x"));
  await running([stuck], async () => {
    await eventually(() => stuck.seen.length === 1, "taken");
    // As after a stop of the whole process: the lease ran out before it could be renewed.
    await database().query("update delivery set lease_until = now() - interval '1 second'");
    await running([healthy], async () => {
      await eventually(async () => (await state(id)) === "sent", "sent by the other");
    });
    hold({ outcome: "failed", retry: false, reason: "woken up late" });
    await sleep(50);
  });
  t.like((await Delivery.findByPk(id))?.toJSON(), {
    state: "sent",
    remoteId: "by the other",
    attempts: 2,
    fence: "2",
  });
  t.is(healthy.seen[0]?.id, stuck.seen[0]?.id);
});

test.serial("a lease is kept while a send takes longer than it", async (t) => {
  const channel = scripted(async () => {
    await sleep(500);
    return DELIVERED;
  });
  await post("test:a", says("x"));
  const other = scripted(() => DELIVERED);
  await running(
    [channel],
    () =>
      running(
        [other],
        () => eventually(async () => (await booksDiffer({ sent: 1 })) === undefined, "sent"),
        150,
      ),
    150,
  );
  t.is(channel.seen.length + other.seen.length, 1);
});

test.serial("a stop waits for what is being sent", async (t) => {
  const channel = scripted(async () => {
    await sleep(200);
    return DELIVERED;
  });
  await post("test:a", says("x"));
  await running([channel], () => eventually(() => channel.seen.length === 1, "taken"));
  t.is(await booksDiffer({ sent: 1 }), undefined);
});

test.serial("a stop hands back what hangs, to be sent at once by the next", async (t) => {
  const hangs = scripted(() => new Promise<Outcome>(() => undefined));
  const id = await post("test:a", says("x"));
  await running([hangs], () => eventually(() => hangs.seen.length === 1, "taken"));
  t.like((await Delivery.findByPk(id))?.toJSON(), { state: "pending", leaseUntil: null });
  const next = scripted(() => DELIVERED);
  await running([next], () => eventually(async () => (await state(id)) === "sent", "sent"));
  t.is(next.seen[0]?.id, id);
});

import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import type { Fault } from "../../support/homeserver/faults.ts";
import { startHomeserver } from "../../support/homeserver/homeserver.ts";
import { createMemory, notice, openBench, until } from "../../support/homeserver-session.ts";

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const FAULTS: Fault[] = [
  { kind: "cut before" },
  { kind: "cut after" },
  { kind: "limited", afterMs: 1 },
  { kind: "answer", status: 502, body: "" },
  { kind: "slow", ms: 5 },
];

for (const seed of [1, 2]) {
  test(`through 25 restarts and faults at any moment all is heard and all is said once (${seed})`, async (t) => {
    const random = seeded(seed);
    const server = await startHomeserver();
    t.teardown(() => server.stop());
    const [bot, alice] = [await server.newUser("bot"), await server.newUser("alice")];
    const rooms = [1, 2].map(() => {
      const room = server.createRoom(alice.userId, { invite: [bot.userId] });
      server.join(room, bot.userId);
      return room;
    });
    // What survives: the memory, what was kept of what was heard, and what is still to be sent.
    const memory = createMemory();
    const kept = new Map<string, string>();
    const pending = Array.from({ length: 60 }, (_, index) => `delivery-${index}`);
    const roomOf = (id: string): string => rooms[Number(id.split("-")[1]) % 2] ?? "";
    const options = {
      memory,
      pollMs: 200,
      handlers: {
        onMessage: async ({ eventId, body }: { eventId: string; body: string }) => {
          await sleep(random() * 4);
          kept.set(eventId, body);
        },
      },
    };
    const first = await openBench(t, server, bot, options);
    await until(() => memory.entries.has(`${bot.userId} since`));
    await first.session.stop();

    const said: string[] = [];
    for (let round = 0; round < 25; round += 1) {
      const bench = await openBench(t, server, bot, options);
      const fault = FAULTS[Math.floor(random() * FAULTS.length)];
      if (fault !== undefined) {
        server.fault({ path: random() < 0.5 ? "/sync" : "/rooms/", times: 2 }, fault);
      }
      for (let n = Math.floor(random() * 40); n > 0; n -= 1) {
        said.push(server.say(rooms[n % 2] ?? "", alice.userId, `m${said.length}`));
      }
      const sending = pending.slice(0, 3).map(async (id) => {
        const outcome = await bench.session.send(roomOf(id), notice(id), id);
        if (outcome.outcome === "delivered") pending.splice(pending.indexOf(id), 1);
      });
      await sleep(random() * 30);
      await bench.session.stop();
      await Promise.all(sending);
    }

    const last = await openBench(t, server, bot, options);
    while (pending.length > 0) {
      const id = pending[0] ?? "";
      const outcome = await last.session.send(roomOf(id), notice(id), id);
      if (outcome.outcome === "delivered") pending.shift();
    }
    await until(() => kept.size >= said.length);
    t.deepEqual([...kept.keys()].sort(), said.toSorted());
    const copies = new Map<string, number>();
    for (const shown of rooms.flatMap((room) => server.timeline(room))) {
      if (shown.sender !== bot.userId) continue;
      copies.set(shown.body ?? "", (copies.get(shown.body ?? "") ?? 0) + 1);
    }
    t.is(copies.size, 60);
    t.deepEqual(
      [...copies].filter(([, count]) => count > 1),
      [],
    );
  });
}

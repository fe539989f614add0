import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { silentLog } from "../../core/log.ts";
import { createBatcher } from "../../core/batcher.ts";
import { eventually } from "../support/eventually.ts";

const log = silentLog();

test("items come in order, in batches of at most the size", async (t) => {
  const batches: number[][] = [];
  async function take(batch: number[]): Promise<void> {
    batches.push(batch);
    await sleep(1);
  }
  const batcher = createBatcher({ take, size: 10, waitMs: 1, log });
  for (let n = 0; n < 95; n++) await batcher.add(n);
  await batcher.close();
  t.deepEqual(
    batches.flat(),
    Array.from({ length: 95 }, (_, n) => n),
  );
  t.true(batches.every((batch) => batch.length <= 10));
  t.true(batches.length < 30);
});

test("a single item does not wait for company for ever", async (t) => {
  const taken: number[] = [];
  const batcher = createBatcher<number>({
    take: (batch) => Promise.resolve(taken.push(...batch)),
    size: 500,
    waitMs: 5,
    log,
  });
  await batcher.add(1);
  await eventually(() => taken.length === 1, "taken");
  await batcher.add(2);
  await eventually(() => taken.length === 2, "taken again");
  t.pass();
});

test("a batch that cannot be taken is tried until it can", async (t) => {
  const taken: number[] = [];
  let failures = 2;
  const batcher = createBatcher<number>({
    take: (batch) =>
      failures-- > 0
        ? Promise.reject(new Error("no database"))
        : Promise.resolve(taken.push(...batch)),
    size: 3,
    waitMs: 1,
    log,
  });
  for (let n = 0; n < 5; n++) await batcher.add(n);
  await eventually(() => taken.length === 5, "all taken");
  t.deepEqual(taken, [0, 1, 2, 3, 4]);
});

test("whoever adds too much is slowed down", async (t) => {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const batcher = createBatcher<number>({ take: () => gate, size: 2, waitMs: 1, log });
  let added = 0;
  const adding = (async () => {
    for (let n = 0; n < 100; n++) {
      await batcher.add(n);
      added++;
    }
  })();
  await sleep(50);
  t.is(added, 40);
  open();
  await adding;
  await batcher.close();
  t.is(added, 100);
});

test("closing takes what is left", async (t) => {
  const taken: number[] = [];
  const batcher = createBatcher<number>({
    take: (batch) => Promise.resolve(taken.push(...batch)),
    size: 500,
    waitMs: 60_000,
    log,
  });
  await batcher.add(1);
  await batcher.close();
  t.deepEqual(taken, [1]);
});

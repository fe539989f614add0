import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import test from "ava";
import { createBackOff, pause } from "../../../hub/channels/matrix/back-off.ts";
import { SyncAnswer } from "../../../hub/channels/matrix/event.ts";
import { HomeserverError } from "../../../hub/channels/matrix/homeserver-error.ts";
import { createRecent } from "../../../hub/channels/matrix/recent.ts";
import { readRetryAfter } from "../../../hub/channels/matrix/request.ts";
import { followSync, ForeignToken, type SyncSteps } from "../../../hub/channels/matrix/sync.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function answer(next: string): SyncAnswer {
  return SyncAnswer.parse({ next_batch: next });
}

/** Steps that note what is called, and a way to end. */
function recorded(poll: (since: string | undefined, round: number) => Promise<SyncAnswer>): {
  steps: SyncSteps;
  calls: string[];
  end: AbortController;
} {
  const calls: string[] = [];
  let round = 0;
  const steps: SyncSteps = {
    loadToken: () => Promise.resolve("t0"),
    saveToken: (token) => Promise.resolve(void calls.push(`save ${token}`)),
    poll: (since) => {
      calls.push(`poll ${since}`);
      return poll(since, round++);
    },
    handle: ({ next_batch: next }) => Promise.resolve(void calls.push(`handle ${next}`)),
    onGood: () => undefined,
    onTrouble: (problem) => void calls.push(`trouble ${problem}`),
    onLostPlace: () => void calls.push("lost place"),
  };
  return { steps, calls, end: new AbortController() };
}

const SHORT = { firstMs: 1, maxMs: 2 };

test("each answer is handled, then its token is saved, then the next is asked for", async (t) => {
  const { steps, calls, end } = recorded((_since, round) => {
    if (round === 2) {
      end.abort();
      return Promise.reject(new Error("aborted"));
    }
    return Promise.resolve(answer(`t${round + 1}`));
  });
  await followSync(steps, createBackOff(SHORT), end.signal);
  t.deepEqual(calls, [
    "poll t0",
    "handle t1",
    "save t1",
    "poll t1",
    "handle t2",
    "save t2",
    "poll t2",
  ]);
});

test("after a failure it goes on from the token that was saved", async (t) => {
  const { steps, calls, end } = recorded((_since, round) => {
    if (round === 0) return Promise.reject(new HomeserverError("away"));
    end.abort();
    return Promise.resolve(answer("t1"));
  });
  const broken = { ...steps, saveToken: () => Promise.reject(new Error("the disk is full")) };
  await followSync(broken, createBackOff(SHORT), end.signal);
  t.deepEqual(calls, ["poll t0", "trouble away", "poll t0", "handle t1"]);
});

test("a token that is not known is dropped, and a refused login ends it all", async (t) => {
  const { steps, calls, end } = recorded((since) =>
    Promise.reject(
      since === undefined
        ? new HomeserverError("out", { status: 401, errcode: "M_UNKNOWN_TOKEN" })
        : new ForeignToken("Invalid stream token", { status: 400, errcode: "M_UNKNOWN" }),
    ),
  );
  await t.throwsAsync(followSync(steps, createBackOff(SHORT), end.signal), { message: "out" });
  t.deepEqual(calls, [
    "poll t0",
    "trouble Invalid stream token",
    "lost place",
    "save undefined",
    "poll undefined",
  ]);
});

test.serial("a hundred thousand rounds leave nothing behind", async (t) => {
  const rounds = 100_000;
  const quiet = answer("t");
  let before = 0;
  let kept = 0;
  const { steps, end } = recorded(() => Promise.resolve(quiet));
  let round = 0;
  const bare: SyncSteps = {
    ...steps,
    saveToken: () => Promise.resolve(),
    handle: () => Promise.resolve(),
    poll: async () => {
      // Something that is really waited for, as an answer is.
      if (round % 100 === 0) await new Promise(setImmediate);
      round += 1;
      // Measured inside a round: what an ended loop held on to is gone.
      if (round === 1_000) before = heapInUse();
      if (round === rounds) {
        kept = (heapInUse() - before) / rounds;
        end.abort();
      }
      return quiet;
    },
  };
  await followSync(bare, createBackOff(SHORT), end.signal);
  // The SDK's recursion keeps 96 bytes a round.
  t.true(kept < 10, `${kept} bytes are kept for each round`);
});

test("pauses grow, keep what was asked for, and start over after a success", (t) => {
  const backOff = createBackOff({ firstMs: 4, maxMs: 16 }, () => 0.5);
  t.deepEqual([backOff.delay(), backOff.delay(), backOff.delay(), backOff.delay()], [4, 8, 16, 16]);
  t.is(backOff.delay(30), 30);
  backOff.reset();
  t.is(backOff.delay(), 4);
});

test("pauses are spread by a quarter to both sides", (t) => {
  t.is(createBackOff({ firstMs: 100, maxMs: 100 }, () => 0).delay(), 75);
  t.is(createBackOff({ firstMs: 100, maxMs: 100 }, () => 1).delay(), 125);
});

test("a pause ends when the session does", async (t) => {
  const end = new AbortController();
  const paused = pause(600_000, end.signal);
  end.abort();
  t.false(await paused);
  t.false(await pause(600_000, end.signal));
});

test("Retry-After is read in seconds and as a date", (t) => {
  t.is(readRetryAfter("7"), 7_000);
  t.is(readRetryAfter(["3"]), 3_000);
  t.is(readRetryAfter(undefined), undefined);
  t.is(readRetryAfter("soon"), undefined);
  t.is(readRetryAfter("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  const ahead = readRetryAfter(new Date(Date.now() + 60_000).toUTCString()) ?? 0;
  t.true(ahead > 50_000 && ahead <= 60_000);
});

test("of the ids that were dealt with the latest are remembered", (t) => {
  const recent = createRecent(3);
  for (const id of ["a", "b", "c", "a", "d"]) recent.add(id);
  t.deepEqual(
    ["a", "b", "c", "d"].map((id) => recent.has(id)),
    [true, false, true, true],
  );
});

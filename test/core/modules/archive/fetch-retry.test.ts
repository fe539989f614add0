import test from "ava";
import { OperatorError } from "../../../../core/errors.ts";
import { retrying, TooSlow, TryAgain } from "../../../../core/modules/archive/fetch-retry.ts";
import { retryAfter } from "../../../../core/retry-after.ts";

const { signal } = new AbortController();
const patience = { retries: 3, pauseMs: 1 };

/** How often a thing is tried that fails like this, coming to so many bytes at each try. */
async function triesOf(error: () => Error, reached: (tries: number) => number): Promise<number> {
  let tries = 0;
  const attempt = (): Promise<never> => {
    tries++;
    return Promise.reject(error());
  };
  try {
    return await retrying(attempt, () => reached(tries), patience, signal);
  } catch {
    return tries;
  }
}

test("only tries that bring nothing new are counted, and all together are limited", async (t) => {
  const cut = (): Error => new Error("cut");
  t.is(await triesOf(cut, () => 0), 4);
  t.is(await triesOf(cut, (tries) => Math.min(tries, 10)), 14);
  // From the start each time: what it had before is not new.
  t.is(await triesOf(cut, (tries) => (tries % 2) * 100), 5);
  t.is(await triesOf(cut, (tries) => tries), 200);
});

test("a slow server is not borne with for what it trickles", async (t) => {
  t.is(
    await triesOf(
      () => new TooSlow("slow"),
      (tries) => tries,
    ),
    4,
  );
});

test("what cannot become better within seconds is not tried again", async (t) => {
  const coded = (code: string) => (): Error => Object.assign(new Error(code), { code });
  for (const code of ["ENOTFOUND", "CERT_HAS_EXPIRED", "SELF_SIGNED_CERT_IN_CHAIN"]) {
    t.is(await triesOf(coded(code), () => 0), 1, code);
  }
  for (const code of ["ECONNRESET", "EAI_AGAIN", "UND_ERR_SOCKET"]) {
    t.is(await triesOf(coded(code), () => 0), 4, code);
  }
  t.is(
    await triesOf(
      () => new OperatorError("X", "x"),
      () => 0,
    ),
    1,
  );
  t.is(
    await triesOf(
      () => new TryAgain("busy", 3_600_000),
      () => 0,
    ),
    1,
  );
});

test("who cancels does not wait for the next try", async (t) => {
  const stop = new AbortController();
  const attempt = (): Promise<never> => {
    setTimeout(() => stop.abort(new Error("enough")), 5);
    return Promise.reject(new Error("cut"));
  };
  await t.throwsAsync(retrying(attempt, () => 0, { pauseMs: 60_000 }, stop.signal));
});

test("Retry-After is read as seconds or as a date (RFC 9110, 10.2.3)", (t) => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  t.is(retryAfter("120", now), 120_000);
  t.is(retryAfter("Sun, 22 Nov 2026 12:01:00 GMT", now), 60_000);
  t.is(retryAfter("Sun, 22 Nov 2026 11:00:00 GMT", now), 0);
  t.is(retryAfter("soon", now), undefined);
  t.is(retryAfter(undefined, now), undefined);
});

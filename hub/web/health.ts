import { setTimeout as sleep } from "node:timers/promises";
import { asError } from "../../core/errors.ts";

/** How one part of the system is. */
export interface Health {
  /** "off" is not configured on this machine, which is no fault. */
  state: "ok" | "off" | "failing";
  /** A few words: what is wrong, or what proves that nothing is. */
  detail: string;
}

/** Asks one part how it is. What it throws counts as failing. */
export interface HealthCheck {
  name: string;
  check(): Promise<Health>;
}

export interface HealthReport {
  ready: boolean;
  parts: ({ name: string } & Health)[];
}

/** A part that does not answer in time is failing. */
const ANSWER_MS = 2_000;

/** Asks all parts at once. Ready means that none is failing. */
export async function healthReport(checks: readonly HealthCheck[]): Promise<HealthReport> {
  const parts = await Promise.all(
    checks.map(async ({ name, check }) => ({ name, ...(await answerOf(check)) })),
  );
  return { ready: parts.every((part) => part.state !== "failing"), parts };
}

async function answerOf(check: HealthCheck["check"]): Promise<Health> {
  const timer = new AbortController();
  const late = sleep<Health>(
    ANSWER_MS,
    { state: "failing", detail: "does not answer" },
    { signal: timer.signal },
  );
  late.catch(() => undefined);
  try {
    return await Promise.race([check(), late]);
  } catch (thrown) {
    return { state: "failing", detail: asError(thrown).message };
  } finally {
    timer.abort();
  }
}

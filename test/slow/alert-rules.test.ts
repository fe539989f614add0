import { spawnSync } from "node:child_process";
import test from "ava";
import { createCounters } from "../../hub/delivery/counters.ts";
import { silentLog } from "../../core/log.ts";
import { addEvent, startWeb } from "../hub/web/started-web.ts";

/** Debian's package prometheus has it. */
const PROMTOOL = process.env["LK_PROMTOOL"] ?? "promtool";

function promtool(words: string[], input?: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, words, { input, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

const missing = spawnSync(PROMTOOL, ["--version"]).error;
if (missing !== undefined) {
  test.skip(`promtool is not there (apt-get install prometheus): ${missing.message}`, () => {});
} else {
  test("the shipped alert rules fire when they should, and not before", (t) => {
    const { status, said } = promtool(["test", "rules", "test/slow/alert-rules.yaml"]);
    t.is(status, 0, said);
    t.regex(said, /SUCCESS/);
  });

  test("promtool finds no fault with the rules, nor with the metrics of a busy hub", async (t) => {
    const rules = promtool(["check", "rules", "hub/web/alerts.yaml"]);
    t.is(rules.status, 0, rules.said);
    const web = await startWeb({});
    try {
      await addEvent("_lk.core.ping", {});
      const counters = createCounters(silentLog());
      for (const seconds of [0.01, 0.2, 7, 90, 1e6]) {
        counters.observe("laniakea_delivery_seconds", { channel: "email" }, seconds);
        counters.count("laniakea_delivery_attempts_total", { channel: "email", outcome: "sent" });
      }
      await counters.stop();
      const { body } = await web.server.inject("/metrics");
      t.regex(body, /^laniakea_delivery_seconds_bucket\{channel="email",le="\+Inf"\} 5$/m);
      const checked = promtool(["check", "metrics"], body);
      t.is(checked.status, 0, checked.said);
    } finally {
      await web.stop();
    }
  });
}

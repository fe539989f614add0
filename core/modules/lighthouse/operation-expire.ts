import { z } from "zod";
import { expireHeard, expireNumbered, planExpiry } from "../../events/expire.ts";
import type { Message } from "../../message.ts";
import { declareOperation } from "../../operation/declare.ts";

export const eventExpire = declareOperation({
  name: "event expire",
  summary: "remove events that are older or more than the journal keeps",
  description:
    "Keeps what lighthouse.keep_days and lighthouse.keep_megabytes say, and always what is not published, routed, delivered or forwarded yet.",
  examples: ["event expire", "event expire --dry-run"],
  parameters: z.object({}),
  role: "admin",
  kind: "work",
  locks: () => ["event-journal"],
  schedule: { default: "23 3 * * *", parameters: {} },
  async run({ settings, signal, dryRun, progress }) {
    const { keep_days: days, keep_megabytes: megabytes } = settings.config.lighthouse;
    const plan = await planExpiry({ days, megabytes });
    const total = Math.max(plan.first - plan.oldest, 0);
    if (dryRun) return { messages: [said(total, "would be removed")], data: { removed: 0, total } };
    let removed = 0;
    for (let { oldest } = plan; oldest < plan.first;) {
      signal.throwIfAborted();
      const batch = await expireNumbered({ ...plan, oldest });
      if (batch.oldest === oldest) break;
      ({ oldest } = batch);
      removed += batch.removed;
      progress({ step: "removing events", done: removed, total });
    }
    for (let more = plan.before !== undefined; more && plan.before !== undefined;) {
      signal.throwIfAborted();
      const heard = await expireHeard(plan.before);
      removed += heard;
      more = heard > 0;
    }
    return { messages: [said(removed, "were removed")], data: { removed, total } };
  },
});

function said(count: number, what: string): Message {
  if (count === 0) return { tone: "neutral", headline: ["No event is old enough to be removed."] };
  return { tone: "neutral", headline: [`${count} events ${what}.`] };
}

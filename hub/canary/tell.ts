import type { Environment } from "../../core/operation/declare.ts";
import type { Message } from "../../core/message.ts";
import type { Fact } from "../../core/modules/module.ts";
import { type SeenCanary, seenCanaries } from "./seen.ts";

/** So many in a row may be missing. */
const MISSED = 5;

/** How the canaries are, for `status`; nothing where none are sent. */
export async function canaryStatus(): Promise<Fact[]> {
  const seen = await seenCanaries();
  if (seen.length === 0) return [];
  const oldest = Math.max(...seen.map(({ ageSeconds }) => ageSeconds));
  return [
    {
      message: {
        tone: "neutral",
        headline: [{ strong: "Canary" }, `: seen everywhere ${seconds(oldest)} ago`],
        details: seen.map((one) => [`${one.destination}: ${describe(one)}`]),
      },
      data: { canaries: seen },
    },
  ];
}

/** What `doctor` says of them. */
export async function canaryFindings({ settings }: Environment): Promise<Message[]> {
  const { to, every_seconds: every } = settings.config.canary;
  if (to.length === 0) return [];
  return (await seenCanaries()).map((one) => {
    const lost = one.ageSeconds > MISSED * every;
    return {
      tone: lost ? "bad" : "good",
      headline: [
        { strong: "Canary" },
        lost
          ? `: nothing arrives at ${one.destination} since ${seconds(one.ageSeconds)}`
          : `: arrives at ${one.destination}, ${describe(one)}`,
      ],
      ...(lost ? { next: ["Look for what holds it up: delivery list, and /readyz"] } : {}),
    };
  });
}

function describe({ ageSeconds, tripSeconds }: SeenCanary): string {
  return `${seconds(ageSeconds)} ago, ${seconds(tripSeconds)} under way`;
}

function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
}

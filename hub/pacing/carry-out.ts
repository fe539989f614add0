import { randomUUID } from "node:crypto";
import type { Language } from "../../core/language/language.ts";
import { bundleKey, type Extension, extendBundles } from "./bundle.ts";
import { continueMessage, tellGathered } from "./gathered.ts";
import type { News } from "./news.ts";
import { type NewNotice, refsOf, storeNotices } from "./notice.ts";
import type { Placement } from "./place.ts";
import { inLanguage, type Rendering } from "./render.ts";
import { insertDeliveries, type NewDelivery } from "./tell.ts";

/** What is to become of news of a destination. */
export interface Placed {
  destination: string;
  placement: Placement;
  /** That the destination chose. */
  language: Language | undefined;
}

/**
 * Writes down what was decided: bundles, notices and deliveries.
 *
 * @param notices of what is not told at all
 */
export async function carryOut(
  placed: readonly Placed[],
  notices: NewNotice[],
  rendering: Rendering,
  now: Date,
): Promise<void> {
  const bundles = await extendBundles(extensionsOf(placed), now);
  const deliveries: NewDelivery[] = [];
  const folded: { id: string; news: News[]; language: Language | undefined }[] = [];
  const continued = new Map<string, Language | undefined>();
  for (const { destination, placement, language } of placed) {
    const { news } = placement;
    switch (placement.how) {
      case "held": {
        const bundleId = bundles.get(bundleKey(destination, placement.key));
        notices.push(...news.map((one) => notice(one, "held", { bundleId })));
        break;
      }
      case "undone": {
        const last = news.at(-1)?.event.id ?? "";
        const note = `undone by event ${last}`;
        notices.push(...news.map((one) => notice(one, "collapsed", { note })));
        break;
      }
      case "continued":
        continued.set(placement.root, language);
        notices.push(...news.map((one) => notice(one, "told", { deliveryId: placement.root })));
        break;
      case "told": {
        const deliveryId = randomUUID();
        notices.push(...news.map((one) => notice(one, "told", { deliveryId })));
        const [only] = news;
        if (news.length > 1) folded.push({ id: deliveryId, news, language });
        else if (only !== undefined) deliveries.push(single(deliveryId, only));
      }
    }
  }
  await storeNotices(notices, now);
  await insertDeliveries(deliveries);
  for (const { id, news, language } of folded) {
    await tellGathered(id, news, inLanguage(rendering, language));
  }
  for (const [root, language] of continued) {
    await continueMessage(root, inLanguage(rendering, language));
  }
}

function notice(news: News, state: NewNotice["state"], rest: Partial<NewNotice> = {}): NewNotice {
  return { known: news, decision: news.decision, state, ...rest };
}

/** One event by itself says what it says. */
function single(id: string, { event, decision, rendered, thread }: News): NewDelivery {
  if (rendered === undefined) throw new Error("an event without words is told");
  const { destination, reasons } = decision;
  const refs = refsOf(decision);
  const subject = {
    ...rendered.subject,
    ...(thread === undefined ? {} : { object: thread }),
    ...decision.subject,
    ...(refs.length === 0 ? {} : { because: refs }),
  };
  const reason = reasons[0]?.name ?? "";
  return { id, destination, eventId: event.id, message: rendered.message, subject, reason };
}

/** One for each bundle, whichever of its news come from where. */
function extensionsOf(placed: readonly Placed[]): Extension[] {
  const extensions = new Map<string, Extension>();
  for (const { destination, placement } of placed) {
    if (placement.how !== "held") continue;
    const { key, kind, due, topics, news } = placement;
    const known = extensions.get(bundleKey(destination, key));
    const count = (known?.count ?? 0) + news.length;
    extensions.set(bundleKey(destination, key), { destination, key, kind, due, topics, count });
  }
  return [...extensions.values()];
}

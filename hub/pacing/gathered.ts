import { randomUUID } from "node:crypto";
import { database } from "../../core/database/connect.ts";
import { revise } from "../delivery/outbox.ts";
import { type Bundle, closeBundles, tellBundle } from "./bundle.ts";
import { compose } from "./compose.ts";
import { type Collection, collapseUndone, earlierEvents, gather, type Gathered } from "./gather.ts";
import type { News, StoredEvent } from "./news.ts";
import { type Rendering, renderEvent, type RenderedEvent, unrenderable } from "./render.ts";
import { insertDeliveries } from "./tell.ts";

/** How many earlier events of an object are shown. */
const EARLIER = 3;

/** Where a message made of several events goes, and how times are shown there. */
interface Target {
  destination: string;
  zone: string;
}

/** Tells events of one cause or object that came together; their notices are written. */
export async function tellGathered(
  id: string,
  news: readonly News[],
  rendering: Rendering,
): Promise<void> {
  const destination = news[0]?.decision.destination ?? "";
  await tellCollection({ delivery: id }, id, { destination, zone: "UTC" }, rendering);
}

/** Edits a message, so that it tells what was told under it since. */
export async function continueMessage(root: string, rendering: Rendering): Promise<void> {
  const collection = { delivery: root };
  const gathered = await gather(collection);
  if (gathered === undefined) return;
  const { message } = await say(collection, gathered, root, "UTC", rendering);
  await revise(root, message);
}

/**
 * Makes a message of a bundle: what was undone is left out and written down, and if nothing is
 * left, nothing is sent.
 *
 * @param grows true: it stays open, and more of it edits the message
 * @returns whether a new message was sent, an old one was edited, or nothing was left
 */
export async function tellBundled(
  bundle: Bundle,
  { zone, grows, now }: { zone: string; grows: boolean; now: Date },
  rendering: Rendering,
): Promise<"sent" | "edited" | "nothing"> {
  await collapseUndone(bundle.id);
  const root = bundle.deliveryId;
  const deliveryId = root ?? randomUUID();
  const told = await database().query(
    `update notice set state = 'told', delivery_id = $2
      where bundle_id = $1 and state = 'held' returning event_id`,
    [bundle.id, deliveryId],
  );
  if (told.length === 0) {
    if (grows && root !== undefined) await tellBundle(bundle.id, { deliveryId, close: false, now });
    else await closeBundles([bundle.id], now);
    return "nothing";
  }
  const collection = { bundle: bundle.id };
  if (root === undefined) {
    await tellCollection(
      collection,
      deliveryId,
      { destination: bundle.destination, zone },
      rendering,
    );
  } else {
    const gathered = await gather(collection);
    if (gathered === undefined) throw new Error(`bundle ${bundle.id} is told and empty`);
    const { message } = await say(collection, gathered, root, zone, rendering);
    await revise(root, message);
  }
  await tellBundle(bundle.id, { deliveryId, close: !grows, now });
  return root === undefined ? "sent" : "edited";
}

async function tellCollection(
  collection: Collection,
  id: string,
  { destination, zone }: Target,
  rendering: Rendering,
): Promise<void> {
  const gathered = await gather(collection);
  if (gathered === undefined) throw new Error("a message of nothing");
  const { message, subject } = await say(collection, gathered, id, zone, rendering);
  const [only] = gathered.top;
  const eventId = gathered.total === 1 ? (only?.event.id ?? null) : null;
  const reason = gathered.reasons.join("; ");
  const because = gathered.refs.length === 0 ? {} : { because: gathered.refs };
  const delivery = { id, destination, eventId, message, reason };
  await insertDeliveries([{ ...delivery, subject: { ...subject, ...because } }]);
}

async function say(
  collection: Collection,
  gathered: Gathered,
  deliveryId: string,
  zone: string,
  rendering: Rendering,
): Promise<RenderedEvent> {
  const stories = gathered.top.map(({ event, events, objects }) => ({
    rendered: words(event, rendering),
    events,
    objects,
  }));
  const earlier = gathered.stories > 1 ? [] : await earlierEvents(collection, EARLIER);
  return compose({
    gathered,
    stories,
    earlier: earlier.map((event) => ({
      message: words(event, rendering).message,
      time: event.time,
    })),
    deliveryId,
    reader: rendering.links,
    zone,
  });
}

/** What an event says. A bug in a rendering was logged when the event came. */
function words(event: StoredEvent, rendering: Rendering): RenderedEvent {
  try {
    return renderEvent(event, rendering) ?? unrenderable(event, rendering);
  } catch {
    return unrenderable(event, rendering);
  }
}

import { understand } from "../../core/events/catalogue.ts";
import { asError } from "../../core/errors.ts";
import type { Language } from "../../core/language/language.ts";
import type { Log } from "../../core/log.ts";
import type { ChannelKind } from "../channels/channel.ts";
import type { DecidedEvent } from "../routing/decision.ts";
import { carryOut, type Placed } from "./carry-out.ts";
import { flushDestination } from "./flush.ts";
import { knowEvent, type Known, type News, type StoredEvent } from "./news.ts";
import type { NewNotice } from "./notice.ts";
import { alone, type Moment, placeNews } from "./place.ts";
import { lockPaced, type Paced, storeTokens } from "./preference.ts";
import { setReminders } from "./reminder.ts";
import { inLanguage, type Rendering, renderUnderstood, unrenderable } from "./render.ts";
import { readStandings } from "./standing.ts";

export type { StoredEvent } from "./news.ts";
export type { Moment } from "./place.ts";

export interface Pacing extends Rendering {
  kinds: readonly ChannelKind[];
  log: Log;
}

/**
 * Brings what routing decided on its way, in the transaction that marks the events as routed: each
 * decision becomes part of a message, or waits in a bundle, or is written down as suppressed,
 * undone, or without anything to say. The number of statements does not grow with the events, but
 * with the messages that are edited.
 */
export async function pace(
  decided: readonly DecidedEvent<StoredEvent>[],
  pacing: Pacing,
  moment: Moment,
): Promise<void> {
  const { now } = moment;
  const { lines, notices } = sort(decided, pacing);
  const paced = await lockPaced(lines.keys(), pacing.kinds, now);
  const people = new Map([...lines].filter(([destination]) => paced.has(destination)));
  for (const [destination, line] of people) {
    translate(line, paced.get(destination)?.preference.language, pacing);
  }
  const standings = await readStandings(people, now);
  const placed = [...lines].flatMap(([destination, line]): Placed[] => {
    const one = paced.get(destination);
    const standing = standings.get(destination);
    const placements =
      one === undefined || standing === undefined
        ? line.map(alone)
        : placeNews(line, one, standing, moment);
    const language = one?.preference.language;
    return placements.map((placement) => ({ destination, placement, language }));
  });
  await carryOut(placed, notices, pacing, now);
  await setReminders([...people.values()].flat(), now);
  await flushNow(placed, paced, pacing, now);
  await storeTokens(paced.values(), now);
}

/** The news of each destination, and notices of what is not told. */
function sort(
  decided: readonly DecidedEvent<StoredEvent>[],
  pacing: Pacing,
): { lines: Map<string, News[]>; notices: NewNotice[] } {
  const lines = new Map<string, News[]>();
  const notices: NewNotice[] = [];
  for (const one of decided) {
    if (one.decisions.length === 0) continue;
    const known = know(one, pacing);
    for (const decision of one.decisions) {
      const { destination, suppressed } = decision;
      if (suppressed !== undefined) {
        notices.push({ known, decision, state: "suppressed", note: suppressed.name });
      } else if (known.rendered === undefined) notices.push({ known, decision, state: "silent" });
      else {
        const line = lines.get(destination) ?? [];
        lines.set(destination, line);
        line.push({ ...known, decision });
      }
    }
  }
  return { lines, notices };
}

/** Lets the news of a destination be in the language that it chose. */
function translate(line: News[], language: Language | undefined, pacing: Pacing): void {
  if (language === undefined || language === pacing.links.language) return;
  const rendering = inLanguage(pacing, language);
  line.forEach((news, index) => {
    const { rendered } = know({ event: news.event, decisions: [] }, rendering);
    line[index] = { ...news, rendered };
  });
}

function know(decided: DecidedEvent<StoredEvent>, pacing: Pacing): Known {
  const { event } = decided;
  const understood =
    decided.understood ?? understand(pacing.registry.events, event.tag, event.data);
  try {
    return knowEvent(event, understood, renderUnderstood(event, understood, pacing.links));
  } catch (thrown) {
    pacing.log.error({ err: asError(thrown), event: event.uuid, tag: event.tag }, "bad rendering");
    return knowEvent(event, understood, unrenderable(event, pacing));
  }
}

/** A summary whose storm has come whole needs no timer. */
async function flushNow(
  placed: readonly Placed[],
  paced: ReadonlyMap<string, Paced>,
  pacing: Pacing,
  now: Date,
): Promise<void> {
  const due = placed.flatMap(({ destination, placement }) =>
    placement.how === "held" && placement.due <= now ? [destination] : [],
  );
  for (const destination of new Set(due)) {
    const one = paced.get(destination);
    if (one !== undefined) await flushDestination(one, pacing, now);
  }
}

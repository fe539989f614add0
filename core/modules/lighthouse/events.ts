import { z } from "zod";
import { declareEvent, type Story } from "../../events/declare.ts";
import { moment, strong, words } from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import { lighthouseWords } from "./words.ts";

const Hearing = z.looseObject({
  endpoint: z.string(),
  seen_from: z.string(),
  since: z.string(),
});

export const lighthouseSilent = declareEvent({
  tag: "_lk.lighthouse.silent",
  summary: "a Lighthouse that somebody listens to has not shown for half a minute",
  schema: Hearing,
  audience: "people",
  subject: () => ({}),
  story: (data) => story(data.endpoint, true),
  render: (data, { language }) => {
    const say = lighthouseWords.in(language);
    return {
      tone: "bad",
      headline: say("silent", { endpoint: strong(data.endpoint) }),
      answers: {
        state: "failed",
        since: moment(data.since) ?? [words(data.since)],
        why: say("silentWhy", { machine: data.seen_from }),
        acts: eventWords.in(language)("operators"),
      },
      next: say("check", { command: { code: "doctor" } }),
    };
  },
});

export const lighthouseRecovered = declareEvent({
  tag: "_lk.lighthouse.recovered",
  summary: "a Lighthouse that was silent is heard again",
  schema: Hearing,
  audience: "people",
  subject: () => ({}),
  story: (data) => story(data.endpoint, false),
  render: (data, { language }) => {
    const say = lighthouseWords.in(language);
    const since = moment(data.since) ?? [words(data.since)];
    return {
      tone: "good",
      headline: say("heard", { endpoint: strong(data.endpoint) }),
      answers: { state: "resolved", acts: eventWords.in(language)("nobody") },
      details: [say("lasted", { machine: data.seen_from, moment: since })],
    };
  },
});

function story(endpoint: string, isSilent: boolean): Story {
  const [from, to] = isSilent ? ["heard", "silent"] : ["silent", "heard"];
  const did = isSilent ? "silent" : "heard again";
  return { object: `lighthouse/${endpoint}`, continues: true, from, to, did, lasts: isSilent };
}

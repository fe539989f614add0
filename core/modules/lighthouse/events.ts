import { z } from "zod";
import { declareEvent, type Story } from "../../events/declare.ts";
import { line, strong } from "../../events/phrases.ts";

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
  render: (data) => ({
    tone: "bad",
    headline: line`Lighthouse at ${strong(data.endpoint)} is silent`,
    details: [line`Not heard on ${data.seen_from} since ${data.since}.`],
    next: ["Does it run, and is its port open? For more: doctor"],
  }),
});

export const lighthouseRecovered = declareEvent({
  tag: "_lk.lighthouse.recovered",
  summary: "a Lighthouse that was silent is heard again",
  schema: Hearing,
  audience: "people",
  subject: () => ({}),
  story: (data) => story(data.endpoint, false),
  render: (data) => ({
    tone: "good",
    headline: line`Lighthouse at ${strong(data.endpoint)} is heard again`,
    details: [line`It was silent on ${data.seen_from} since ${data.since}.`],
  }),
});

function story(endpoint: string, isSilent: boolean): Story {
  const [from, to] = isSilent ? ["heard", "silent"] : ["silent", "heard"];
  const did = isSilent ? "silent" : "heard again";
  return { object: `lighthouse/${endpoint}`, continues: true, from, to, did, lasts: isSilent };
}

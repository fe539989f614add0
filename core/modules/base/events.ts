import { z } from "zod";
import { declareEvent } from "../../events/declare.ts";
import { strong } from "../../events/phrases.ts";
import { baseWords } from "./words.ts";

export const ping = declareEvent({
  tag: "_lk.core.ping",
  summary: "somebody checks that events get through",
  schema: z.looseObject({
    node: z.string(),
    message: z.string(),
    time_sent: z.string().optional(),
  }),
  audience: "people",
  subject: () => ({}),
  render: ({ node, message }, { language }) => ({
    tone: "neutral",
    headline: baseWords.in(language)("ping", { node: strong(node), message }),
    answers: { state: "note" },
  }),
});

export const canary = declareEvent({
  tag: "_lk.core.canary",
  summary: "a hub checks that what is sent is seen where it should arrive",
  schema: z.looseObject({ node: z.string(), time_sent: z.string() }),
  audience: "noise",
  subject: () => ({}),
  render: ({ node, time_sent: at }, { language }) => ({
    tone: "neutral",
    headline: baseWords.in(language)("canary", { node: strong(node), at }),
    answers: { state: "note" },
  }),
});

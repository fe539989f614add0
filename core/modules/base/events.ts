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

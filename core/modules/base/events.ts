import { z } from "zod";
import { declareEvent } from "../../events/declare.ts";
import { line, strong } from "../../events/phrases.ts";

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
  render: (data) => ({
    tone: "neutral",
    headline: line`${strong(data.node)} says over the bus: ${data.message}`,
  }),
});

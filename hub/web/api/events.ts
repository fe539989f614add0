import { z } from "zod";
import { notFound } from "../failure.ts";
import { deliveriesOf } from "../read/deliveries.ts";
import { eventByUuid, listEvents } from "../read/events.ts";
import { EventJson, eventJson } from "./event-json.ts";
import { PageOf, pageOf, Paging } from "./page-of.ts";
import { declareRoute } from "./route.ts";

/** What a list of events can be narrowed to; for the stream as well. */
export const EventQuery = z.object({
  tag: z
    .string()
    .max(200)
    .optional()
    .meta({ description: "a tag, or its beginning with * at the end" }),
  suite: z.string().max(200).optional().meta({ description: "events that name this suite" }),
  package: z.string().max(255).optional().meta({ description: "events that name this package" }),
});

export const listEventsRoute = declareRoute({
  path: "/events",
  method: "get",
  summary: "The journal, newest first",
  query: EventQuery.extend(Paging.shape),
  replies: { 200: PageOf(EventJson) },
  async answer(web, { query }) {
    // One more than asked for tells whether there is a next page.
    const rows = await listEvents(query, query.limit + 1);
    return {
      body: pageOf(
        rows,
        query.limit,
        (event) => eventJson(web.registry, event),
        (event) => event.id,
      ),
    };
  },
});

const WholeEventJson = EventJson.extend({
  body: z.string().meta({ description: "the text that was signed" }),
  deliveries: z.array(
    z.object({
      destination: z.string(),
      state: z.enum(["pending", "sent", "dead", "cancelled"]),
      reason: z.string().meta({ description: "which route or subscription asked for it" }),
      attempts: z.int(),
      lastError: z.string().nullable(),
    }),
  ),
});

export const readEventRoute = declareRoute({
  path: "/events/{uuid}",
  method: "get",
  summary: "One event: what was signed, who heard of it and why",
  parameters: z.object({ uuid: z.guid() }),
  replies: { 200: WholeEventJson },
  async answer(web, { path }) {
    const event = await eventByUuid(path.uuid);
    if (event === undefined) {
      throw notFound("No event with this id is in the journal.", "List them: /api/v1/events");
    }
    const deliveries = await deliveriesOf(event.id);
    return {
      body: {
        ...eventJson(web.registry, event),
        body: event.body,
        deliveries: deliveries.map(({ destination, state, reason, attempts, lastError }) => ({
          destination,
          state,
          reason,
          attempts,
          lastError,
        })),
      },
    };
  },
});

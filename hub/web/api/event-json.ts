import { z } from "zod";
import { renderText } from "../../../core/message.ts";
import type { Registry } from "../../../core/operation/registry.ts";
import { eventMessage } from "../parts/event.ts";
import type { JournalEvent } from "../read/events.ts";

/** An event as the API gives it. */
export const EventJson = z.object({
  number: z.string().meta({ description: "its place in the journal of this system" }),
  uuid: z.string(),
  tag: z.string(),
  time: z.iso.datetime(),
  receivedAt: z.iso.datetime(),
  signer: z.string().nullable(),
  origin: z.enum(["local", "submitted", "bus", "relayed"]),
  data: z.record(z.string(), z.unknown()),
  text: z.string().meta({ description: "what people read of it" }),
});
export type EventJson = z.output<typeof EventJson>;

export function eventJson(registry: Registry, event: JournalEvent): EventJson {
  return {
    number: event.id,
    uuid: event.uuid,
    tag: event.tag,
    time: event.time.toISOString(),
    receivedAt: event.receivedAt.toISOString(),
    signer: event.signer,
    origin: event.origin,
    data: event.data,
    text: renderText(eventMessage(registry, event)),
  };
}

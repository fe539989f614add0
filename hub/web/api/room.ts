import { z } from "zod";
import { LOCAL_ROOM, readRoom, say } from "../../channels/room/room.ts";
import type { RoomMessage } from "../../model/conversation.ts";
import { Place } from "./page-of.ts";
import { declareRoute } from "./route.ts";

const RoomLineJson = z.object({
  id: z.string(),
  revision: z.string().meta({ description: "grows with each line and each edit" }),
  sender: z.string(),
  text: z.string(),
  saidAt: z.iso.datetime(),
  editedAt: z.iso.datetime().nullable(),
});

export const readRoomRoute = declareRoute({
  path: "/room",
  method: "get",
  summary: "What was said in the local room",
  query: z.object({
    since: Place.optional().meta({
      description: "only lines written or edited after this revision",
    }),
  }),
  replies: { 200: z.object({ items: z.array(RoomLineJson) }) },
  async answer(_web, { query }) {
    const lines = await readRoom(LOCAL_ROOM, query.since);
    return { body: { items: lines.map(lineJson) } };
  },
});

export const sayRoute = declareRoute({
  path: "/room",
  method: "post",
  summary: "Say something in the local room; the bot answers there",
  role: "reader",
  body: z.object({ text: z.string().trim().min(1).max(4_000) }),
  replies: { 202: z.object({}) },
  async answer(_web, { body, viewer }) {
    await say(LOCAL_ROOM, viewer.name, body.text);
    return { status: 202, body: {} };
  },
});

function lineJson(line: RoomMessage): z.output<typeof RoomLineJson> {
  return {
    id: line.id,
    revision: line.revision,
    sender: line.sender,
    text: line.body,
    saidAt: line.saidAt.toISOString(),
    editedAt: line.editedAt?.toISOString() ?? null,
  };
}

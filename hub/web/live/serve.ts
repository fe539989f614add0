import { z } from "zod";
import { checked } from "../pages/page.ts";
import { type Server, type ServerParts, STREAM_HEADERS, viewerOf } from "../serving.ts";
import { livePart } from "./parts.ts";

const SINCE = /^(\d{1,18})\.(\d{1,18})$/;
const Query = z.object({
  watch: z.string().max(300),
  since: z.string().regex(SINCE, "is not a place in the stream").default("0.0"),
});
const LISTS = new Set(["events", "room"]);

/** What pages follow: the changes of the parts that they name. */
export function addLivePages(server: Server, parts: ServerParts): void {
  server.get("/live", { exposeHeadRoute: false }, async (request, reply) => {
    const viewer = await viewerOf(parts, request);
    const query = checked(Query, request.query);
    const names = query.watch
      .split(",")
      .filter((name) => LISTS.has(name) || livePart(name) !== undefined);
    const [, event = "0", revision = "0"] =
      SINCE.exec(String(request.headers["last-event-id"])) ?? SINCE.exec(query.since) ?? [];
    const stream = await parts.live.watch(
      { names, viewer, since: { event, revision } },
      request.ip,
    );
    return reply.type("text/event-stream").headers(STREAM_HEADERS).send(stream.body);
  });
}

import { z } from "zod";
import { LOCAL_ROOM, say } from "../channels/room/room.ts";
import { requireRole } from "./access.ts";
import { notFound } from "./failure.ts";
import { perform } from "./api/operations.ts";
import { checked, Digits } from "./pages/page.ts";
import { type Server, type ServerParts, viewerOf } from "./serving.ts";

/** What was typed, or the suggestion whose button was pressed. */
const Speech = z.object({
  text: z.string().max(4_000).optional(),
  suggestion: z.string().max(4_000).optional(),
});

/** What is to be followed, or the number of what is not any more. */
const Subscribing = z.object({
  to: z.string().min(1).max(300),
  package: z.string().trim().max(200).default(""),
  if: z.string().trim().max(2_000).default(""),
  route: z.string().default(""),
});

/** The forms of the pages: they work without a script, and then lead back to a page. */
export function addForms(server: Server, parts: ServerParts): void {
  const { web } = parts;
  server.post("/room", async (request, reply) => {
    const viewer = await viewerOf(parts, request);
    requireRole(viewer, "reader");
    const { text, suggestion } = checked(Speech, request.body ?? {});
    const said = (suggestion ?? text ?? "").trim();
    if (said !== "") await say(LOCAL_ROOM, viewer.name, said);
    if (request.headers.accept?.startsWith("application/json") === true) {
      return reply.code(202).send({});
    }
    return reply.redirect("/#room-text", 303);
  });

  server.post("/subscriptions/:change", async (request, reply) => {
    const viewer = await viewerOf(parts, request);
    const { change } = request.params as { change: string };
    const { to, package: name, if: condition, route } = checked(Subscribing, request.body ?? {});
    if (change === "add") {
      const packages = name === "" ? [] : [name];
      await perform(web, "follow", { packages, if: condition, to }, viewer, false);
    } else if (change === "end") {
      await perform(web, "unfollow", { route: checked(Digits, route), to }, viewer, false);
    } else {
      throw notFound("Subscriptions are added or ended.", "See them: /subscriptions");
    }
    return reply.redirect(`/subscriptions?to=${encodeURIComponent(to)}`, 303);
  });

  server.post("/operations/:number/cancel", async (request, reply) => {
    const viewer = await viewerOf(parts, request);
    const { number } = request.params as { number: string };
    await perform(web, "cancel", { number: checked(Digits, number) }, viewer, false);
    return reply.redirect(`/operations/${number}`, 303);
  });
}

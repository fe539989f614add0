import { z } from "zod";
import type { FastifyReply } from "fastify";
import { requireRole } from "../access.ts";
import { checked } from "../pages/page.ts";
import { type Server, type ServerParts, STREAM_HEADERS, viewerOf } from "../serving.ts";
import { EventQuery } from "./events.ts";
import { apiRoutes } from "./index.ts";
import { openApi } from "./openapi.ts";
import { perform } from "./operations.ts";
import { Place } from "./page-of.ts";
import type { ApiReply, ApiRoute } from "./route.ts";

const ROOT = "/api/v1";
const Switches = z.object({ dryRun: z.enum(["true", "false", ""]).default("false") });

/** Serves all routes of the list, all operations, the stream and the description of it all. */
export function addApi(server: Server, parts: ServerParts): void {
  for (const route of apiRoutes) addRoute(server, parts, route);
  addOperations(server, parts);
  addEventStream(server, parts);
  const description = openApi(parts.web.registry);
  server.get(`${ROOT}/openapi.json`, () => description);
}

function addRoute(server: Server, parts: ServerParts, route: ApiRoute): void {
  const url = ROOT + route.path.replace(/\{(\w+)\}/g, ":$1");
  server.route({
    method: route.method === "get" ? "GET" : "POST",
    url,
    async handler(request, reply) {
      const viewer = await viewerOf(parts, request);
      if (route.role !== undefined) requireRole(viewer, route.role);
      const answer = await route.answer(parts.web, {
        path: checked(route.parameters ?? z.object({}), request.params),
        query: checked(route.query ?? z.object({}), request.query),
        body: checked(route.body ?? z.object({}), request.body ?? {}),
        viewer,
      });
      return send(reply, answer);
    },
  });
}

/** POST /operations/NAME; the words of a longer name are parts of the path, or %20 between them. */
function addOperations(server: Server, parts: ServerParts): void {
  server.post(`${ROOT}/operations/*`, async (request, reply) => {
    const viewer = await viewerOf(parts, request);
    const name = (request.params as { "*": string })["*"].replaceAll("/", " ");
    const { dryRun } = checked(Switches, request.query);
    return send(reply, await perform(parts.web, name, request.body, viewer, dryRun !== "false"));
  });
}

function addEventStream(server: Server, parts: ServerParts): void {
  const Query = EventQuery.extend({ since: Place.optional() });
  server.get(`${ROOT}/events/stream`, { exposeHeadRoute: false }, async (request, reply) => {
    await viewerOf(parts, request);
    const { since, ...filter } = checked(Query, request.query);
    const last = Place.safeParse(request.headers["last-event-id"]);
    const place = last.success ? last.data : since;
    const stream = await parts.live.hear({ filter, since: place }, request.ip);
    return reply.type("text/event-stream").headers(STREAM_HEADERS).send(stream.body);
  });
}

function send(reply: FastifyReply, { status, headers, body }: ApiReply): FastifyReply {
  return reply
    .code(status ?? 200)
    .headers(headers ?? {})
    .type("application/json; charset=utf-8")
    .send(JSON.stringify(body, bigintAsText));
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { accountRoutes } from "./account-routes.ts";
import { authenticate } from "./account.ts";
import { eventRoutes } from "./event-routes.ts";
import type { Faults } from "./faults.ts";
import { readFilter } from "./filter.ts";
import { mediaRoutes } from "./media-routes.ts";
import { roomRoutes } from "./room-routes.ts";
import { syncAnswer } from "./sync.ts";
import type { Content, Device, World } from "./world.ts";
import { readToken, Refusal, userOf } from "./world.ts";

/** The device that a request comes from. @throws Refusal 401 */
export type Authenticated = (request: FastifyRequest) => Device;

/** One request as the server saw it, for tests that count them. */
export interface SeenRequest {
  method: string;
  /** Decoded, without the query. */
  path: string;
  query: string;
  status: number;
}

/** The HTTP side of a world. `seen` gets every request that was answered. */
export function createServer(world: World, faults: Faults, seen: SeenRequest[]): FastifyInstance {
  const app = fastify({
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2000 },
    // Older clients and matrix-nio speak of r0.
    rewriteUrl: (request) =>
      (request.url ?? "").replace("/_matrix/client/r0/", "/_matrix/client/v3/"),
    exposeHeadRoutes: false,
  });
  const authenticated: Authenticated = (request) => authenticate(world, tokenOf(request));
  readBodies(app);
  faults.install(app, (request) => world.tokens.get(tokenOf(request) ?? "")?.userId);
  app.addHook("onResponse", (request, reply, done) => {
    const [path, query] = (request.raw.url ?? "").split("?");
    seen.push({
      method: request.method,
      path: decodeURIComponent(path ?? ""),
      query: query ?? "",
      status: reply.statusCode,
    });
    done();
  });
  app.setErrorHandler((error: unknown, _request, reply) => answerError(error, reply));
  app.setNotFoundHandler((_request, reply) =>
    answerError(new Refusal(404, "M_UNRECOGNIZED", "Unrecognized request"), reply),
  );
  accountRoutes(app, world, authenticated);
  roomRoutes(app, world, authenticated);
  eventRoutes(app, world, authenticated);
  mediaRoutes(app, world, authenticated);
  app.get("/_matrix/client/v3/sync", (request) => sync(world, authenticated, request));
  return app;
}

async function sync(
  world: World,
  authenticated: Authenticated,
  request: FastifyRequest,
): Promise<Content> {
  const device = authenticated(request);
  const query = request.query as Record<string, string | undefined>;
  const since = query["since"] === undefined ? undefined : readToken(world, query["since"]);
  const filter = readFilter(userOf(world, device.userId), query["filter"]);
  const cached = since === undefined ? world.firstSyncs.get(cacheKey(request)) : undefined;
  if (cached !== undefined) return cached;
  const deadline = Date.now() + Number(query["timeout"] ?? "0");
  for (;;) {
    const { answer, news } = syncAnswer(world, device, since, filter);
    const left = deadline - Date.now();
    if (since === undefined) world.firstSyncs.set(cacheKey(request), answer);
    if (news || since === undefined || left <= 0 || request.raw.destroyed) return answer;
    await somethingHappens(world, request, left);
    // As Synapse: a poll whose token was revoked ends with an ordinary answer.
    if (!world.tokens.has(device.token)) return answer;
  }
}

/**
 * Synapse answers the same first sync from a cache for two minutes, here for ever: what it says,
 * and the place it leads on from, may be old.
 */
function cacheKey(request: FastifyRequest): string {
  return `${request.headers.authorization ?? ""} ${request.raw.url}`;
}

function somethingHappens(world: World, request: FastifyRequest, ms: number): Promise<void> {
  return new Promise((resolve) => {
    function done(): void {
      clearTimeout(timer);
      world.waiting.delete(done);
      request.raw.socket.off("close", done);
      resolve();
    }
    const timer = setTimeout(done, ms);
    world.waiting.add(done);
    request.raw.socket.once("close", done);
  });
}

function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => {
    if (request.url.startsWith("/_matrix/media/")) return done(null, body);
    if (body.length === 0) return done(null, {});
    try {
      return done(null, JSON.parse(String(body)));
    } catch {
      return done(new Refusal(400, "M_NOT_JSON", "Content not JSON."));
    }
  });
}

function tokenOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  if (header?.startsWith("Bearer ") === true) return header.slice(7);
  return (request.query as { access_token?: string }).access_token;
}

function answerError(error: unknown, reply: FastifyReply): FastifyReply {
  if (error instanceof Refusal) {
    return reply
      .status(error.status)
      .headers(error.headers)
      .send({ errcode: error.errcode, error: error.message, ...error.fields });
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  return reply.status(status).send({
    errcode: status === 413 ? "M_TOO_LARGE" : "M_UNKNOWN",
    error: error instanceof Error ? error.message : String(error),
  });
}

import type { FastifyInstance } from "fastify";
import { parameter } from "./account-routes.ts";
import type { Authenticated } from "./server.ts";
import type { World } from "./world.ts";
import { identifier, Refusal } from "./world.ts";

const LIMIT = 1_000_000;

/** Upload, and the authenticated download of Matrix 1.11. */
export function mediaRoutes(
  app: FastifyInstance,
  world: World,
  authenticated: Authenticated,
): void {
  app.get("/_matrix/client/v1/media/config", (request) => {
    authenticated(request);
    return { "m.upload.size": LIMIT };
  });
  app.post("/_matrix/media/v3/upload", (request) => {
    authenticated(request);
    const data = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (data.length > LIMIT) throw new Refusal(413, "M_TOO_LARGE", "Upload too large");
    const id = identifier(18);
    const type = request.headers["content-type"] ?? "application/octet-stream";
    world.media.set(id, { type, data });
    return { content_uri: `mxc://${world.serverName}/${id}` };
  });
  app.get("/_matrix/client/v1/media/download/:server/:id", (request, reply) => {
    authenticated(request);
    const found = world.media.get(parameter(request, "id"));
    if (found === undefined || parameter(request, "server") !== world.serverName) {
      throw new Refusal(404, "M_NOT_FOUND", "Media not found");
    }
    return reply.header("content-type", found.type).send(found.data);
  });
}

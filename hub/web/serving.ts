import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Role } from "../../core/operation/declare.ts";
import type { Access, Asked, Viewer } from "./access.ts";
import type { Assets } from "./assets.ts";
import { documentHtml, type View } from "./layout.ts";
import type { Live } from "./live/live.ts";
import type { Web } from "./web.ts";

export type Server = FastifyInstance;

/** What all routes share. */
export interface ServerParts {
  web: Web;
  access: Access;
  assets: Assets;
  live: Live;
  roleOf: RoleOf;
}

/** What grants and denials make of the role that somebody has by where they come from. */
export type RoleOf = (name: string, role: Role) => Promise<Role | "none">;

/** Who sent a request. @throws OperatorError as `Access.viewerOf` does */
export async function viewerOf(
  { access, roleOf }: ServerParts,
  request: FastifyRequest,
): Promise<Viewer> {
  const viewer = access.viewerOf(askedOf(request));
  if (viewer.role === "none") return viewer;
  return { ...viewer, role: await roleOf(viewer.name, viewer.role) };
}

/** What of a request decides about rights. */
export function askedOf({ method, headers, raw }: FastifyRequest): Asked {
  return { method, headers, remoteAddress: raw.socket.remoteAddress };
}

/** Sends a whole page. */
export function sendView(
  reply: FastifyReply,
  view: View,
  viewer: Viewer,
  assets: Assets,
): FastifyReply {
  return reply
    .code(view.status ?? 200)
    .type("text/html; charset=utf-8")
    .send(documentHtml(view, viewer, assets));
}

/** Of a stream: no proxy may gather what is meant to arrive at once. */
export const STREAM_HEADERS = { "cache-control": "no-store", "x-accel-buffering": "no" };

import type { z } from "zod";
import type { Role } from "../../../core/operation/declare.ts";
import type { Viewer } from "../access.ts";
import type { Web } from "../web.ts";

/**
 * One address of the API. The server, the checks of what comes in and the OpenAPI document follow
 * from it.
 */
export interface ApiRoute<
  Path extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodObject = z.ZodObject,
> {
  /** As OpenAPI writes it, below /api/v1: `/suites/{name}`. */
  path: string;
  method: "get" | "post";
  summary: string;
  /** Needed to call it; without one everybody may. */
  role?: Role;
  parameters?: Path;
  query?: Query;
  body?: Body;
  /** What it answers, by status. */
  replies: Record<number, z.ZodType>;
  answer(web: Web, call: ApiCall<Path, Query, Body>): Promise<ApiReply>;
}

export interface ApiCall<
  Path extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodObject,
> {
  path: z.output<Path>;
  query: z.output<Query>;
  body: z.output<Body>;
  viewer: Viewer;
}

export interface ApiReply {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** Declares a route; the types of what `answer` gets follow from its schemas. */
export function declareRoute<
  Path extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodObject,
>(route: ApiRoute<Path, Query, Body>): ApiRoute {
  return route;
}

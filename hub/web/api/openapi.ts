import { STATUS_CODES } from "node:http";
import { z } from "zod";
import type { OperationDeclaration } from "../../../core/operation/declare.ts";
import type { Registry } from "../../../core/operation/registry.ts";
import { EventQuery } from "./events.ts";
import { apiRoutes } from "./index.ts";
import { PerformReplies } from "./operations.ts";
import type { ApiRoute } from "./route.ts";

type Json = Record<string, unknown>;

/** What every failure of the API looks like. */
export const ErrorJson = z.object({
  error: z.object({
    code: z.string().meta({ description: "stable, upper case with underscores" }),
    message: z.string().meta({ description: "what happened and why" }),
    hint: z.string().optional().meta({ description: "what to do next" }),
  }),
});

/**
 * The description of the API for programs (OpenAPI 3.1), made from the routes and from the
 * operations of the registry.
 */
export function openApi(registry: Registry): Json {
  const paths: Record<string, Json> = {};
  function add(path: string, method: string, description: Json): void {
    paths[path] = { ...paths[path], [method]: description };
  }
  for (const route of apiRoutes) add(route.path, route.method, describeRoute(route));
  for (const operation of registry.operations.values()) {
    add(operationPath(operation.name), "post", describeOperation(operation));
  }
  add("/events/stream", "get", describeStream());
  add("/openapi.json", "get", {
    summary: "This document",
    operationId: "getOpenapiJson",
    responses: { 200: { description: "OK", content: { "application/json": { schema: {} } } } },
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "Laniakea",
      version: "1",
      description:
        "Archives, events and operations of a distribution. Reading is open; changes need the " +
        "bearer token in web.token_file, or come from the machine itself.",
    },
    servers: [{ url: "/api/v1" }],
    security: [{}, { token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Error: schemaOf(ErrorJson) },
    },
  };
}

/** Where an operation is asked for, below /api/v1: `/operations/role/grant`. */
export function operationPath(name: string): string {
  return `/operations/${name.replaceAll(" ", "/")}`;
}

function describeRoute(route: ApiRoute): Json {
  return {
    summary: route.summary,
    operationId: identifier(route.method, route.path),
    ...(route.role === undefined ? {} : { "x-role": route.role }),
    parameters: [...parametersOf(route.parameters, "path"), ...parametersOf(route.query, "query")],
    ...(route.body === undefined ? {} : { requestBody: bodyOf(route.body, true) }),
    responses: repliesOf(route.replies),
  };
}

function describeOperation(operation: OperationDeclaration): Json {
  const { name, summary, description, parameters, role, kind } = operation;
  const dryRun = {
    name: "dryRun",
    in: "query",
    description: "show the plan, write nothing",
    schema: { type: "boolean", default: false },
  };
  const replies = kind === "work" ? { 202: PerformReplies[202] } : { 200: PerformReplies[200] };
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    operationId: identifier("post", operationPath(name)),
    tags: ["operations"],
    "x-role": role,
    parameters: kind === "work" ? [dryRun] : [],
    requestBody: bodyOf(z.strictObject(parameters.shape), false),
    responses: repliesOf(replies),
  };
}

function describeStream(): Json {
  return {
    summary: "Events as they arrive, as server-sent events whose data is an event as in the list",
    operationId: "streamEvents",
    parameters: [
      ...parametersOf(EventQuery, "query"),
      {
        name: "Last-Event-ID",
        in: "header",
        description: "number of the last event heard: what came since is sent first",
        schema: { type: "string" },
      },
    ],
    responses: {
      200: { description: "OK", content: { "text/event-stream": { schema: { type: "string" } } } },
      default: failure(),
    },
  };
}

function parametersOf(schema: z.ZodObject | undefined, place: "path" | "query"): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "input") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function bodyOf(schema: z.ZodObject, required: boolean): Json {
  return { required, content: { "application/json": { schema: schemaOf(schema, "input") } } };
}

function repliesOf(replies: Record<number, z.ZodType>): Json {
  const described = Object.entries(replies).map(([status, schema]) => [
    status,
    {
      description: STATUS_CODES[status] ?? "OK",
      content: { "application/json": { schema: schemaOf(schema) } },
    },
  ]);
  return { ...Object.fromEntries(described), default: failure() };
}

function failure(): Json {
  const schema = { $ref: "#/components/schemas/Error" };
  return { description: "It failed", content: { "application/json": { schema } } };
}

/** The JSON Schema of a value; OpenAPI 3.1 takes the 2020-12 dialect as it is. */
function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function identifier(method: string, path: string): string {
  const words = path.split(/[^a-zA-Z0-9]+/).filter((word) => word !== "");
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

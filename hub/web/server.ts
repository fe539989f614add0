import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { asError, OperatorError } from "../../core/errors.ts";
import { addApi } from "./api/serve.ts";
import { addFeeds } from "./feeds.ts";
import { failureOf, notFound } from "./failure.ts";
import { addForms } from "./forms.ts";
import { HEADERS } from "./headers.ts";
import { addLivePages } from "./live/serve.ts";
import { addMachineRoutes } from "./machine.ts";
import { addForeignHtml, addIcons, addPages } from "./pages/serve.ts";
import { failureView } from "./pages/failure.ts";
import { askedOf, sendView, type Server, type ServerParts } from "./serving.ts";
import { addUnsubscribe } from "./unsubscribe.ts";

/** Longer bodies are refused: nobody types that much. */
const MAX_BODY_BYTES = 64 << 10;
/** Longer names in addresses are refused; package names have at most 255 characters. */
const MAX_PARAMETER = 300;
const REQUEST_TIMEOUT_MS = 20_000;
/** What PostgreSQL cannot hold as text or JSON, and people cannot type. */
const NO_TEXT = /[\0\p{Surrogate}]/u;

/** The HTTP server with all its routes, not yet listening. */
export async function createServer(parts: ServerParts): Promise<Server> {
  const { web, access, assets } = parts;
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Streams end by themselves; what is left at a stop are idle connections.
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_PARAMETER },
    // A broken request line never reaches a route.
    frameworkErrors: (error, request, reply) => answerFailure(request, reply, error),
  });

  function answerFailure(request: FastifyRequest, reply: FastifyReply, thrown: unknown): void {
    const failure = failureOf(thrown);
    if (failure.status >= 500) {
      web.log.error({ err: asError(thrown), url: request.url }, "cannot answer a request");
    }
    if (failure.status === 401) reply.header("www-authenticate", 'Bearer realm="laniakea"');
    if (failure.code === "TOO_MANY_STREAMS") reply.header("retry-after", "10");
    reply.headers(HEADERS).code(failure.status);
    if (wantsJson(request)) {
      const { status: _, ...error } = failure;
      reply.type("application/json; charset=utf-8").send(JSON.stringify({ error }));
    } else sendView(reply, failureView(failure), { name: "", role: "none" }, assets);
  }

  acceptBodies(server);
  server.setErrorHandler((thrown, request, reply) => answerFailure(request, reply, thrown));
  server.setNotFoundHandler((request, reply) => {
    const fault = notFound(
      `There is no page ${request.url.slice(0, 100)}.`,
      "See what happened lately: /events",
    );
    answerFailure(request, reply, fault);
  });
  server.addHook("onRequest", (request, reply, done) => {
    reply.headers(HEADERS);
    access.checkHost(askedOf(request));
    if (/%00/.test(request.url)) throw noText();
    done();
  });
  for (const asset of Object.values(assets)) {
    server.get(asset.path, (_request, reply) =>
      reply
        .type(asset.type)
        .header("cache-control", "max-age=31536000, immutable")
        .send(asset.body),
    );
  }
  addMachineRoutes(server, parts);
  addPages(server, parts);
  addForeignHtml(server, parts);
  addIcons(server);
  addForms(server, parts);
  await addUnsubscribe(server, parts);
  addFeeds(server, parts);
  addLivePages(server, parts);
  addApi(server, parts);
  await server.ready();
  return server;
}

/** JSON and forms, and nothing else: text/plain is what another site can send without asking. */
function acceptBodies(server: Server): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body === "" ? undefined : parseBody(String(body)));
    } catch (thrown) {
      done(asError(thrown));
    }
  });
  server.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => {
      const fields = Object.fromEntries(new URLSearchParams(String(body)));
      if (Object.values(fields).some((value) => NO_TEXT.test(value))) done(noText());
      else done(null, fields);
    },
  );
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (NO_TEXT.test(key) || (typeof value === "string" && NO_TEXT.test(value))) throw noText();
      return value;
    });
  } catch (thrown) {
    if (thrown instanceof OperatorError) throw thrown;
    throw new OperatorError(
      "BAD_REQUEST",
      `The body is not valid JSON: ${asError(thrown).message}.`,
      'Send an object, for instance {"package": "mini"}.',
    );
  }
}

function noText(): OperatorError {
  return new OperatorError(
    "BAD_REQUEST",
    "What was sent holds U+0000 or half a surrogate pair.",
    "Leave it out.",
  );
}

/** The API always answers JSON; so do forms that were sent by the page's script. */
function wantsJson(request: FastifyRequest): boolean {
  const { accept = "" } = request.headers;
  return request.url.startsWith("/api/") || accept.startsWith("application/json");
}

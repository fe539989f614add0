import test from "ava";
import type { z } from "zod";
import { Operation } from "../../../core/model/operation.ts";
import { apiRoutes } from "../../../hub/web/api/index.ts";
import { openApi, operationPath } from "../../../hub/web/api/openapi.ts";
import { addEvent, type StartedWeb, startWeb } from "./started-web.ts";

let web: StartedWeb;
test.before(async () => {
  web = await startWeb();
});
test.after.always(() => web.stop());

const FAR = { "x-forwarded-for": "192.0.2.1" };

async function get(path: string, headers: Record<string, string> = {}) {
  return await web.server.inject({ url: `/api/v1${path}`, headers });
}

async function post(path: string, payload: unknown, headers: Record<string, string> = {}) {
  return await web.server.inject({
    method: "POST",
    url: `/api/v1${path}`,
    headers: { "content-type": "application/json", ...headers },
    payload: JSON.stringify(payload),
  });
}

test("every operation of the registry is in the description, with its role and parameters", (t) => {
  const { registry } = web.environment;
  const { paths } = openApi(registry) as { paths: Record<string, { post?: unknown }> };
  t.true(registry.operations.size > 5);
  for (const [name, operation] of registry.operations) {
    const described = paths[operationPath(name)]?.post as Record<string, unknown> | undefined;
    t.is(described?.["x-role"], operation.role, name);
    const schema = JSON.stringify(described?.["requestBody"]);
    for (const parameter of Object.keys(operation.parameters.shape)) {
      t.true(schema.includes(`"${parameter}"`), `${name}: ${parameter}`);
    }
  }
});

test("every route of the API is in the description that the server gives", async (t) => {
  const { paths, openapi } = (await get("/openapi.json")).json();
  t.is(openapi, "3.1.0");
  for (const route of apiRoutes) t.truthy(paths[route.path]?.[route.method], route.path);
  const ids = Object.values(
    paths as Record<string, Record<string, { operationId: string }>>,
  ).flatMap((methods) => Object.values(methods).map((method) => method.operationId));
  t.is(new Set(ids).size, ids.length);
});

test("what the server answers is what the description says", async (t) => {
  const uuid = await addEvent("_lk.core.ping", { node: "a", message: "m", time_sent: "t" });
  await post("/operations/tidy", {});
  const asked: Record<string, string> = { uuid, number: "1", name: "mini", suite: "unstable" };
  for (const route of apiRoutes.filter(({ method }) => method === "get")) {
    const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => asked[name] ?? "");
    const reply = await get(path);
    if (reply.statusCode === 404) continue;
    const parsed = (route.replies[200] as z.ZodType).safeParse(reply.json());
    t.true(parsed.success, `${path}: ${parsed.error?.message}`);
  }
});

test("work is queued: 202, the operation, and where to look for it", async (t) => {
  const reply = await post("/operations/tidy", { suites: ["demo"] });
  t.is(reply.statusCode, 202);
  const { operation } = reply.json();
  t.is(reply.headers["location"], `/api/v1/operations/${operation.number}`);
  t.like(operation, { name: "tidy", state: "queued", origin: "http", caller: "local:web" });
  t.deepEqual(operation.parameters, { suites: ["demo"] });
  t.is((await get(`/operations/${operation.number}`)).json().id, operation.id);
});

test("a dry run is a word in the address", async (t) => {
  const dry = (await post("/operations/tidy?dryRun=true", {})).json();
  t.true(dry.operation.dryRun);
  t.is((await post("/operations/tidy?dryRun=perhaps", {})).statusCode, 400);
});

test("an answer comes at once, for people and for programs, with big numbers whole", async (t) => {
  for (const path of ["/operations/echo/back", "/operations/echo%20back"]) {
    const reply = await post(path, { text: "hello" });
    t.is(reply.statusCode, 200);
    t.deepEqual(reply.json(), {
      text: "✅ hello",
      data: { text: "hello", caller: "local:web", size: "5000000000" },
      failed: false,
    });
  }
});

const refusals: [string, string, unknown, Record<string, string>, number, string][] = [
  ["an unknown operation", "/operations/imprt", {}, {}, 404, "UNKNOWN_OPERATION"],
  ["an unknown parameter", "/operations/tidy", { suite: "x" }, {}, 400, "BAD_ARGUMENTS"],
  ["a missing parameter", "/operations/echo/back", {}, {}, 400, "BAD_ARGUMENTS"],
  ["a text with U+0000", "/operations/tidy", { suites: ["a\0"] }, {}, 400, "BAD_REQUEST"],
  ["half a character", "/operations/tidy", { suites: ["\ud800"] }, {}, 400, "BAD_REQUEST"],
  ["a list as parameters", "/operations/tidy", [1], {}, 400, "BAD_ARGUMENTS"],
  ["a role that is too small", "/operations/audit/verify", {}, {}, 403, "FORBIDDEN"],
  ["nobody", "/operations/tidy", {}, FAR, 401, "UNAUTHENTICATED"],
  ["nobody in the room", "/room", { text: "x" }, FAR, 401, "UNAUTHENTICATED"],
  ["an empty line in the room", "/room", { text: " " }, {}, 400, "BAD_ARGUMENTS"],
  ["a wrong token", "/operations/tidy", {}, { authorization: "Bearer x" }, 401, "WRONG_TOKEN"],
  ["another site", "/operations/tidy", {}, { origin: "https://evil.example" }, 403, "CROSS_SITE"],
  ["cancelling what is not there", "/operations/999/cancel", {}, {}, 404, "NO_OPERATION"],
  ["an address that is not there", "/nothing", {}, {}, 404, "NOT_FOUND"],
];
for (const [what, path, payload, headers, status, code] of refusals) {
  test(`${what} is refused with ${status} and ${code}`, async (t) => {
    const reply = await post(path, payload, headers);
    t.is(reply.statusCode, status);
    const { error } = reply.json();
    t.is(error.code, code);
    t.truthy(error.message);
    t.truthy(error.hint);
    t.is(reply.headers["www-authenticate"] !== undefined, status === 401);
  });
}

test("the token gives the rights of an admin from anywhere", async (t) => {
  const headers = { ...FAR, authorization: `Bearer ${web.token}` };
  t.is((await post("/operations/audit/verify", {}, headers)).statusCode, 200);
});

test("broken JSON and bodies that are too long are refused", async (t) => {
  const broken = await web.server.inject({
    method: "POST",
    url: "/api/v1/operations/tidy",
    headers: { "content-type": "application/json" },
    payload: "{",
  });
  t.is(broken.statusCode, 400);
  t.regex(broken.json().error.message, /JSON/);
  t.is((await post("/room", { text: "x".repeat(70_000) })).statusCode, 413);
});

test("an operation is cancelled once; the second time says that it has ended", async (t) => {
  const { operation } = (await post("/operations/tidy", {})).json();
  t.is((await post(`/operations/${operation.number}/cancel`, {})).statusCode, 200);
  t.is((await Operation.findByPk(operation.id))?.state, "cancelled");
  t.is((await post(`/operations/${operation.number}/cancel`, {})).statusCode, 409);
});

test("events come in pages that follow each other", async (t) => {
  for (let count = 0; count < 7; count++) await addEvent("_lk.test.api", { name: `n${count}` });
  const first = (await get("/events?tag=_lk.test.api&limit=4")).json();
  t.is(first.items.length, 4);
  const second = (await get(`/events?tag=_lk.test.api&limit=4&before=${first.next}`)).json();
  t.is(second.items.length, 3);
  t.is(second.next, null);
  t.deepEqual(
    [...first.items, ...second.items].map((item) => item.data.name),
    ["n6", "n5", "n4", "n3", "n2", "n1", "n0"],
  );
  t.is((await get("/events?limit=101")).statusCode, 400);
});

test("one event has what was signed and its deliveries", async (t) => {
  const uuid = await addEvent("_lk.core.ping", { node: "signed" });
  const event = (await get(`/events/${uuid}`)).json();
  t.true(event.body.includes('"node":"signed"'));
  t.deepEqual(event.deliveries, []);
  t.is((await get("/events/6a0b8a52-c6a0-11f0-9a6c-5254001234ac")).statusCode, 404);
});

test("the room is written and read, also only what is new", async (t) => {
  t.is((await post("/room", { text: "help me" })).statusCode, 202);
  const { items } = (await get("/room")).json();
  const line = items.find(({ text }: { text: string }) => text === "help me");
  t.like(line, { sender: "local:web", editedAt: null });
  t.deepEqual((await get(`/room?since=${line.revision}`)).json().items, []);
});

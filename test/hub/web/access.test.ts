import test from "ava";
import { type Asked, createAccess } from "../../../hub/web/access.ts";

const options = { listen: "127.0.0.1:8470", url: "", allow: "operator", token: "secret" } as const;

function asked(given: Partial<Asked> & { headers?: Record<string, string> } = {}): Asked {
  return {
    method: given.method ?? "GET",
    remoteAddress: given.remoteAddress ?? "127.0.0.1",
    headers: { host: "127.0.0.1:8470", ...given.headers },
  };
}

function post(headers: Record<string, string>): Asked {
  return asked({ method: "POST", headers });
}

for (const host of [
  "127.0.0.1:8470",
  "localhost:8470",
  "LOCALHOST",
  "[::1]:9000",
  "lk.localhost",
]) {
  test(`the host ${host} is ours`, (t) => {
    t.notThrows(() => createAccess(options).checkHost(asked({ headers: { host } })));
  });
}

for (const host of [
  "evil.example",
  "127.0.0.1.evil.example",
  "10.0.0.1",
  "",
  "a b",
  "x@localhost",
]) {
  test(`the host "${host}" is refused, so that no other name can be pointed here`, (t) => {
    t.throws(() => createAccess(options).checkHost(asked({ headers: { host } })), {
      code: "WRONG_HOST",
    } as never);
  });
}

test("the host of web.url is ours, and addresses are when we listen beyond this machine", (t) => {
  const open = createAccess({ ...options, listen: "0.0.0.0:8470", url: "https://lk.example.org" });
  for (const host of ["lk.example.org", "192.0.2.7:8470", "[2001:db8::1]:8470"]) {
    t.notThrows(() => open.checkHost(asked({ headers: { host } })));
  }
  t.throws(() => open.checkHost(asked({ headers: { host: "evil.example" } })));
});

test("who comes from this machine has the role of web.allow", (t) => {
  t.deepEqual(createAccess(options).viewerOf(asked()), { name: "local:web", role: "operator" });
});

test("the token is an admin wherever it comes from, and a wrong one is an error", (t) => {
  const access = createAccess({ ...options, listen: "0.0.0.0:8470" });
  const far = { remoteAddress: "192.0.2.9" };
  const authorization = "Bearer secret";
  t.is(access.viewerOf(asked({ ...far, headers: { authorization } })).role, "admin");
  for (const wrong of ["Bearer secre", "Basic secret", "Bearer", "Bearer secret secret"]) {
    t.throws(() => access.viewerOf(asked({ ...far, headers: { authorization: wrong } })), {
      code: "WRONG_TOKEN",
    } as never);
  }
});

const strangers: [string, Partial<typeof options> | Record<string, string>, Partial<Asked>][] = [
  ["a peer on the network", {}, { remoteAddress: "192.0.2.9" }],
  ["a proxy's client", {}, { headers: { "x-forwarded-for": "192.0.2.9" } }],
  ["whoever comes by the public name", {}, { headers: { host: "lk.example.org" } }],
  ["anybody when we listen on the network", { listen: "0.0.0.0:8470" }, {}],
  ["anybody when there is a public address", { url: "https://lk.example.org" }, {}],
];
for (const [who, change, from] of strangers) {
  test(`${who} may only read`, (t) => {
    const access = createAccess({ ...options, ...change });
    t.is(access.viewerOf(asked(from as never)).role, "none");
  });
}

for (const headers of [
  { origin: "https://evil.example" },
  { origin: "null" },
  { origin: "http://127.0.0.1:3000" },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
]) {
  test(`a change asked for by another site (${JSON.stringify(headers)}) is refused`, (t) => {
    t.throws(() => createAccess(options).viewerOf(post(headers as never)), {
      code: "CROSS_SITE",
    } as never);
    t.notThrows(() => createAccess(options).viewerOf(asked({ headers })));
  });
}

test("a change asked for by our own page, or by a program, is taken", (t) => {
  const own = { origin: "http://127.0.0.1:8470", "sec-fetch-site": "same-origin" };
  t.is(createAccess(options).viewerOf(post(own)).role, "operator");
  t.is(createAccess(options).viewerOf(post({})).role, "operator");
});

import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { OperatorError } from "../../../core/errors.ts";
import { startHomeserver } from "../../support/homeserver/homeserver.ts";
import { openBench } from "../../support/homeserver-session.ts";

test("the first start logs in with the password once and keeps token and device", async (t) => {
  const server = await startHomeserver();
  t.teardown(() => server.stop());
  const bot = await server.newUser("bot", "correct horse");
  const bench = await openBench(t, server, bot, {
    idle: true,
    matrix: { token_file: "secrets/token", password_file: "password" },
  });
  const directory = bench.settings.dataDirectory;
  await writeFile(join(directory, "password"), "correct horse\n", { mode: 0o600 });
  await bench.session.start();
  await bench.session.stop();
  const file = join(directory, "secrets", "token");
  t.is((await stat(file)).mode & 0o777, 0o600);
  t.is((await stat(join(directory, "secrets"))).mode & 0o777, 0o700);
  t.regex((await readFile(file, "utf8")).trim(), /^tok_/);
  await bench.session.start();
  await bench.session.stop();
  const logins = (): number =>
    server.requests.filter(({ path, status }) => path.endsWith("/login") && status === 200).length;
  t.is(logins(), 1);
  const device = bench.memory.entries.get(`${bot.userId} device`);
  // The token is lost: a new login takes the same device again.
  await rm(file);
  await bench.session.start();
  t.is(logins(), 2);
  t.is(bench.memory.entries.get(`${bot.userId} device`), device);
});

test("two processes that log in at the same moment end with the same token", async (t) => {
  const server = await startHomeserver();
  t.teardown(() => server.stop());
  const bot = await server.newUser("bot", "correct horse");
  const options = {
    idle: true,
    matrix: { token_file: "new-token", password_file: "password" },
  };
  const one = await openBench(t, server, bot, options);
  const directory = one.settings.dataDirectory;
  await writeFile(join(directory, "password"), "correct horse", { mode: 0o600 });
  const shared = {
    token_file: join(directory, "new-token"),
    password_file: join(directory, "password"),
  };
  const two = await openBench(t, server, bot, { idle: true, matrix: shared });
  await Promise.all([one.session.start(), two.session.start()]);
  const token = (await readFile(join(directory, "new-token"), "utf8")).trim();
  const whoami = await fetch(`${server.url}/_matrix/client/v3/account/whoami`, {
    headers: { authorization: `Bearer ${token}` },
  });
  t.is(whoami.status, 200);
});

interface Fault {
  what: string;
  matrix?: Record<string, unknown>;
  prepare?: (directory: string, server: Awaited<ReturnType<typeof startHomeserver>>) => unknown;
  code: string;
  says: RegExp;
  hint: RegExp;
}

const faults: Fault[] = [
  {
    what: "no token file named",
    matrix: { token_file: undefined },
    code: "MATRIX_NO_TOKEN",
    says: /without matrix\.token_file/,
    hint: /password_file/,
  },
  {
    what: "neither token nor password",
    prepare: (directory) => rm(join(directory, "token")),
    code: "MATRIX_NO_TOKEN",
    says: /token, named by matrix\.token_file, does not exist/,
    hint: /matrix\.password_file/,
  },
  {
    what: "a token that others can read",
    prepare: (directory) => chmod(join(directory, "token"), 0o644),
    code: "SECRET_READABLE",
    says: /can be read by others/,
    hint: /chmod 600/,
  },
  {
    what: "an empty token file",
    prepare: (directory) => writeFile(join(directory, "token"), "\n"),
    code: "SECRET_EMPTY",
    says: /is empty/,
    hint: /Write the secret/,
  },
  {
    what: "a token that the homeserver does not know",
    prepare: (directory) => writeFile(join(directory, "token"), "old"),
    code: "MATRIX_TOKEN_REFUSED",
    says: /does not accept the access token of @bot:double\.test/,
    hint: /Write a new access token/,
  },
  {
    what: "the token of another account",
    matrix: { user: "@other:double.test" },
    code: "MATRIX_WRONG_ACCOUNT",
    says: /belongs to @bot:double\.test, but matrix\.user is @other:double\.test/,
    hint: /matrix\.user = "@bot:double\.test"/,
  },
  {
    what: "a wrong password",
    matrix: { token_file: "none", password_file: "password" },
    prepare: (directory) => writeFile(join(directory, "password"), "wrong", { mode: 0o600 }),
    code: "MATRIX_LOGIN_REFUSED",
    says: /refuses the login of @bot:double\.test: M_FORBIDDEN/,
    hint: /password/,
  },
];

for (const { what, matrix, prepare, code, says, hint } of faults) {
  test(`the start fails with a clear error: ${what}`, async (t) => {
    const server = await startHomeserver();
    t.teardown(() => server.stop());
    const bot = await server.newUser("bot");
    const bench = await openBench(t, server, bot, {
      idle: true,
      ...(matrix === undefined ? {} : { matrix }),
    });
    await prepare?.(bench.settings.dataDirectory, server);
    const error = await t.throwsAsync(bench.session.start(), { instanceOf: OperatorError });
    t.is(error?.code, code);
    t.regex(error?.message ?? "", says);
    t.regex(error?.hint ?? "", hint);
    t.is(bench.session.health().state, "stopped");
  });
}

test("a failure never shows the token or the password", async (t) => {
  const server = await startHomeserver();
  t.teardown(() => server.stop());
  const bot = await server.newUser("bot", "correct horse");
  server.fault({ path: "/whoami" }, { kind: "answer", status: 500 });
  const bench = await openBench(t, server, bot, { deaf: true });
  const outcome = await bench.session.send("!a:b", { message: { tone: "bad", headline: [] } }, "t");
  const shown = JSON.stringify([outcome, bench.session.health()]);
  t.false(shown.includes(bot.token));
  t.like(outcome, { outcome: "failed", retry: true });
});

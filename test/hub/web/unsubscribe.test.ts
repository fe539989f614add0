import { randomUUID } from "node:crypto";
import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { mailStanding } from "../../../hub/mail/standing.ts";
import { openSeals, type Seals } from "../../../hub/mail/seals.ts";
import { unsubscribeToken } from "../../../hub/mail/tokens.ts";
import { listSubscriptions, subscribe } from "../../../hub/routing/subscription/store.ts";
import { type StartedWeb, startWeb } from "./started-web.ts";

let web: StartedWeb;
let seals: Seals;

test.before(async () => {
  web = await startWeb({ change: ({ config }) => (config.web.url = "https://lk.example.org") });
  seals = await openSeals(web.environment.settings);
});
test.after.always(() => web.stop());

/** A mail to an address for two reasons, one of which is a subscription; and the link in it. */
async function mailed(address: string, because?: string[]): Promise<string> {
  const destination = `email:${address}`;
  const id = randomUUID();
  const { subscription } = await subscribe({
    destination,
    kind: "package",
    value: "bash",
    condition: "",
    owner: destination,
    createdBy: destination,
  });
  const subject = { because: because ?? [`subscription:${subscription.id}`] };
  await database().query(
    `insert into delivery (id, destination, message, subject, reason, state)
     values ($1, $2, '{}', $3, 'route <b>1</b>', 'sent')`,
    [id, destination, JSON.stringify(subject)],
  );
  return `/unsubscribe/${unsubscribeToken(id, seals)}`;
}

async function packagesOf(address: string): Promise<string[]> {
  return (await listSubscriptions({ destination: `email:${address}` })).map(({ value }) => value);
}

/** From anywhere on the Internet: another host in between, no token, no cookie. */
function post(url: string, payload: string, type = "application/x-www-form-urlencoded") {
  return web.server.inject({
    method: "POST",
    url,
    payload,
    headers: { "content-type": type, host: "lk.example.org", "x-forwarded-for": "192.0.2.1" },
  });
}

const ONE_CLICK = "List-Unsubscribe=One-Click";
const FORM = "multipart/form-data; boundary=b";
const AS_FORM = `--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n`;

for (const [what, body, type] of [
  ["urlencoded", ONE_CLICK, undefined],
  ["multipart", AS_FORM, FORM],
] as const) {
  test(`one click, ${what}, ends what made the mail come, and nothing else, without login`, async (t) => {
    const address = `${what}@example.net`;
    const link = await mailed(address);
    await subscribe({
      destination: `email:${address}`,
      kind: "package",
      value: "zsh",
      condition: "",
      owner: "x",
      createdBy: "x",
    });
    const reply = await post(link, body, type);
    t.is(reply.statusCode, 200);
    t.deepEqual(await packagesOf(address), ["zsh"]);
    t.is((await post(link, body, type)).statusCode, 200);
    t.deepEqual(await packagesOf(address), ["zsh"]);
  });
}

test("GET and HEAD change nothing, however often, and show two buttons", async (t) => {
  const link = await mailed("get@example.net");
  const before = await everything();
  for (const method of ["GET", "HEAD", "GET"] as const) {
    const reply = await web.server.inject({
      method,
      url: link,
      headers: { host: "lk.example.org" },
    });
    t.is(reply.statusCode, 200);
    if (method === "HEAD") continue;
    t.is(reply.body.match(/<button/g)?.length, 2);
    t.regex(reply.body, /route &lt;b&gt;1&lt;\/b&gt;/);
    t.notRegex(reply.body, /<b>1/);
  }
  t.deepEqual(await everything(), before);
  t.deepEqual(await packagesOf("get@example.net"), ["bash"]);
});

function everything(): Promise<unknown[]> {
  return database().query(
    `select (select count(*) from subscription where destination = 'email:get@example.net'
              and ended_at is null) as subscriptions,
            (select count(*) from subscriber where destination = 'email:get@example.net') as wishes,
            (select count(*) from mail_refusal where address = 'get@example.net') as refusals`,
  );
}

test("the other button ends all mail", async (t) => {
  const link = await mailed("all@example.net");
  t.is((await post(link, "what=all")).statusCode, 200);
  t.deepEqual(await packagesOf("all@example.net"), []);
  const { withheld } = mailStanding(web.environment.settings);
  const mail = { address: "all@example.net", reason: "configuration", subject: {} };
  t.is(await withheld(mail), "unsubscribed from all mail");
  t.is(await withheld({ ...mail, address: "other@example.net" }), undefined);
});

test("what the configuration makes come is kept back from who does not want it", async (t) => {
  const link = await mailed("conf@example.net", ["configuration"]);
  t.is((await post(link, ONE_CLICK)).statusCode, 200);
  const { withheld } = mailStanding(web.environment.settings);
  const mail = { address: "conf@example.net", reason: "email.to", subject: {} };
  t.is(
    await withheld({ ...mail, subject: { because: ["configuration"] } }),
    "unsubscribed from configuration",
  );
  t.is(
    await withheld({ ...mail, subject: { because: ["configuration", "subscription:1"] } }),
    undefined,
  );
  t.deepEqual(await packagesOf("conf@example.net"), ["bash"]);
});

test("a link that is not ours does nothing", async (t) => {
  const link = await mailed("forged@example.net");
  const flip = link.replace(/.$/, (last) => (last === "A" ? "E" : "A"));
  for (const url of [flip, "/unsubscribe/x", `${link}x`, "/unsubscribe/%2e%2e"]) {
    t.is((await post(url, ONE_CLICK)).statusCode, 404, url);
  }
  t.deepEqual(await packagesOf("forged@example.net"), ["bash"]);
});

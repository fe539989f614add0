import { randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { Webhook } from "standardwebhooks";
import type { Channel, Outgoing } from "../../../../hub/channels/channel.ts";
import { webhook } from "../../../../hub/channels/webhook/index.ts";
import { makeHookSecret } from "../../../../hub/channels/webhook/secret.ts";
import { channelContext, says, settingsOf } from "../../../support/hub.ts";

const { signal } = new AbortController();

interface Hook {
  url: string;
  taken: { headers: IncomingHttpHeaders; body: string }[];
  answer: { status: number; headers?: Record<string, string> };
}

/** A receiver of our own, a channel that may reach it, and the secret they share. */
async function withHook(
  t: ExecutionContext,
  work: (channel: Channel, hook: Hook, secret: string) => Promise<void>,
  config: Record<string, unknown> = { private_hosts: ["127.0.0.1", "localhost"] },
): Promise<void> {
  const taken: Hook["taken"] = [];
  const hook: Hook = { url: "", taken, answer: { status: 204 } };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      taken.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(hook.answer.status, hook.answer.headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  hook.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/${randomUUID()}`;
  const file = await makeHookSecret(settingsOf({ webhook: config }), hook.url);
  t.is(statSync(file).mode & 0o777, 0o600);
  const channel = webhook.create(channelContext({ webhook: config }));
  if (channel === undefined) throw new Error("no channel");
  try {
    await work(channel, hook, readFileSync(file, "utf8").trim());
  } finally {
    await channel.stop?.();
    await new Promise((resolve) => server.close(resolve));
  }
}

function outgoing(address: string): Outgoing {
  return {
    id: randomUUID(),
    destination: `webhook:${address}`,
    address,
    message: says("bash was <removed>"),
    subject: { tag: "_lk.archive.package-src-removed", packages: ["bash"], event: randomUUID() },
    reason: "subscription",
    final: true,
    attempt: 1,
    createdAt: new Date("2026-11-22T10:00:00Z"),
  };
}

test("what is posted passes the verification of Standard Webhooks, and not with another secret", async (t) => {
  await withHook(t, async (channel, hook, secret) => {
    const delivery = outgoing(hook.url);
    t.deepEqual(await channel.send(delivery, signal), { outcome: "delivered" });
    const [call] = hook.taken;
    const headers = call?.headers as Record<string, string>;
    t.is(headers["webhook-id"], delivery.id);
    const verified = new Webhook(secret).verify(call?.body ?? "", headers);
    t.like(verified, {
      type: "_lk.archive.package-src-removed",
      timestamp: "2026-11-22T10:00:00.000Z",
      data: { packages: ["bash"], title: "bash was <removed>", reason: "subscription" },
    });
    t.regex((verified as { data: { html: string } }).data.html, /&lt;removed&gt;/);
    const foreign = new Webhook(`whsec_${Buffer.alloc(32).toString("base64")}`);
    t.throws(() => foreign.verify(call?.body ?? "", headers));
    t.throws(() => new Webhook(secret).verify(`${call?.body} `, headers));
  });
});

test("a busy hook is asked again when it says; the same delivery has the same id", async (t) => {
  await withHook(t, async (channel, hook) => {
    const delivery = outgoing(hook.url);
    hook.answer = { status: 429, headers: { "retry-after": "7" } };
    t.like(await channel.send(delivery, signal), {
      outcome: "failed",
      retry: true,
      afterMs: 7_000,
    });
    hook.answer = { status: 200 };
    t.like(await channel.send({ ...delivery, attempt: 2 }, signal), { outcome: "delivered" });
    t.is(new Set(hook.taken.map(({ headers }) => headers["webhook-id"])).size, 1);
  });
});

test("a redirect is not followed, and a hook that is gone is gone", async (t) => {
  await withHook(t, async (channel, hook) => {
    hook.answer = { status: 302, headers: { location: `${hook.url}/elsewhere` } };
    t.like(await channel.send(outgoing(hook.url), signal), { outcome: "failed", retry: false });
    hook.answer = { status: 410 };
    t.like(await channel.send(outgoing(hook.url), signal), { outcome: "failed", retry: false });
    t.is(hook.taken.length, 2);
  });
});

for (const [what, host] of [
  ["an address", "127.0.0.1"],
  ["a name", "localhost"],
] as const) {
  test(`nothing of this machine is reached by ${what}`, async (t) => {
    const only = host === "127.0.0.1" ? "localhost" : "127.0.0.1";
    await withHook(
      t,
      async (channel, hook) => {
        // Encrypted or not makes no difference to where it leads.
        const url = hook.url.replace("http://127.0.0.1", `https://${host}`);
        await makeHookSecret(settingsOf({}), url);
        const outcome = await channel.send(outgoing(url), signal);
        t.like(outcome, { outcome: "failed", retry: false });
        t.regex(JSON.stringify(outcome), /private_hosts/);
        t.deepEqual(hook.taken, []);
      },
      { private_hosts: [only] },
    );
  });
}

test("without encryption nothing goes to a host that is not listed", async (t) => {
  await withHook(
    t,
    async (channel, hook) => {
      t.like(await channel.send(outgoing(hook.url), signal), { outcome: "failed", retry: false });
      t.deepEqual(hook.taken, []);
    },
    {},
  );
});

test("a hook without a secret waits for one", async (t) => {
  await withHook(t, async (channel, hook) => {
    const outcome = await channel.send(outgoing(`${hook.url}/other`), signal);
    t.like(outcome, { outcome: "failed", retry: true });
    t.regex(JSON.stringify(outcome), /webhook add/);
  });
});

test("a hook that does not answer is tried again", async (t) => {
  await withHook(t, async (channel, hook) => {
    const url = hook.url.replace(/:\d+/, ":1");
    await makeHookSecret(settingsOf({}), url);
    t.like(await channel.send(outgoing(url), signal), { outcome: "failed", retry: true });
  });
});

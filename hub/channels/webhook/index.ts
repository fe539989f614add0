import { Agent, request } from "undici";
import { asError } from "../../../core/errors.ts";
import { plainLine, renderHtml, renderText } from "../../../core/message.ts";
import type { Channel, ChannelContext, ChannelKind, Outcome, Outgoing } from "../channel.ts";
import { outcomeOf } from "./answer.ts";
import { AddressRefused, guardedLookup, refuseLiteral } from "./guard.ts";
import { hookSecrets, signature } from "./secret.ts";

/** Programs that want to be told: a signed POST of JSON (Standard Webhooks) for each delivery. */
export const webhook: ChannelKind = {
  name: "webhook",
  readers: "programs",
  example: "webhook:https://ci.example.org/hook",
  canonical: canonicalUrl,
  create: createWebhookChannel,
};

const HOOKS_AT_ONCE = 8;
const TIMEOUT_MS = 15_000;
const LONGEST_URL = 1_000;

/** The URL as WHATWG spells it; without password, and without fragment, which is never sent. */
export function canonicalUrl(text: string): string | undefined {
  if (text.length > LONGEST_URL || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  if (url.username !== "" || url.password !== "" || url.hash !== "") return undefined;
  return url.href;
}

function createWebhookChannel({ settings }: ChannelContext): Channel {
  const allowed = new Set(settings.config.webhook.private_hosts.map((one) => one.toLowerCase()));
  const agent = new Agent({
    connect: { lookup: guardedLookup(allowed), timeout: TIMEOUT_MS },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });

  async function send(delivery: Outgoing, signal: AbortSignal): Promise<Outcome> {
    const url = new URL(delivery.address);
    const secrets = hookSecrets(settings, delivery.address);
    if (secrets === undefined) {
      const reason = `the hook has no secret: webhook add ${delivery.address}`;
      return { outcome: "failed", retry: true, reason };
    }
    if (url.protocol === "http:" && !allowed.has(url.hostname)) {
      return { outcome: "failed", retry: false, reason: "http:// is not encrypted; use https://" };
    }
    try {
      refuseLiteral(url, allowed);
      return await call(
        url,
        delivery,
        secrets,
        AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      );
    } catch (thrown) {
      const error = asError(thrown);
      const refused = error instanceof AddressRefused || error.cause instanceof AddressRefused;
      return { outcome: "failed", retry: !refused, reason: error.message };
    }
  }

  async function call(
    url: URL,
    delivery: Outgoing,
    secrets: readonly string[],
    signal: AbortSignal,
  ): Promise<Outcome> {
    const body = JSON.stringify(hookBody(delivery));
    const timestamp = Math.floor(Date.now() / 1_000);
    const answer = await request(url, {
      method: "POST",
      dispatcher: agent,
      signal,
      headers: {
        "content-type": "application/json",
        "user-agent": "laniakea",
        "webhook-id": delivery.id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signature(secrets, { id: delivery.id, timestamp, body }),
      },
      body,
    });
    // What it says is of no interest, but the connection is free only when it was read.
    await answer.body.dump({ limit: 64 << 10 });
    return outcomeOf(answer.statusCode, answer.headers, Date.now());
  }

  return {
    name: "webhook",
    canEdit: false,
    concurrency: HOOKS_AT_ONCE,
    stop: () => agent.close(),
    send,
  };
}

/** What is posted: the members `type`, `timestamp` and `data` as Standard Webhooks advises. */
export function hookBody(delivery: Outgoing): Record<string, unknown> {
  const { message, subject, reason, createdAt, edits } = delivery;
  return {
    type: subject.tag ?? "message",
    timestamp: createdAt.toISOString(),
    data: {
      event: subject.event ?? null,
      repository: subject.repository ?? null,
      suites: subject.suites ?? [],
      packages: subject.packages ?? [],
      object: subject.object ?? null,
      replaces: edits?.id ?? null,
      tone: message.tone,
      title: plainLine(message.headline),
      text: renderText(message),
      html: renderHtml(message).text,
      reason,
    },
  };
}

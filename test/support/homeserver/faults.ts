import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** What goes wrong with a request. */
export type Fault =
  /** 429, with the wait in the body, in the `Retry-After` header, or both (the default). */
  | { kind: "limited"; afterMs: number; tell?: "body" | "header" | "both" }
  /** An answer in place of the real one; the request has no effect. */
  | { kind: "answer"; status: number; body?: unknown; headers?: Record<string, string> }
  | { kind: "slow"; ms: number }
  /** The request waits until the promise settles, then goes on as usual. */
  | { kind: "held"; until: Promise<unknown> }
  /** The connection breaks before the request has any effect. */
  | { kind: "cut before" }
  /** The request has its effect, but the connection breaks before the answer. */
  | { kind: "cut after" };

/** Which requests go wrong, and how often. */
export interface FaultRule {
  method?: string;
  /** Part of the decoded path, or a pattern for it. */
  path: string | RegExp;
  /** Full user id. */
  user?: string;
  /** How many requests; without end unless given. */
  times?: number;
}

export interface ActiveFault {
  /** Requests that went wrong so far. */
  hits(): number;
  remove(): void;
}

export interface Faults {
  add(rule: FaultRule, fault: Fault): ActiveFault;
  install(app: FastifyInstance, userOfToken: (request: FastifyRequest) => string | undefined): void;
}

export function createFaults(): Faults {
  const active: Array<{ rule: FaultRule; fault: Fault; hits: number }> = [];
  const chosen = new WeakMap<FastifyRequest, Fault>();

  function choose(request: FastifyRequest, user: string | undefined): Fault | undefined {
    const path = decodeURIComponent((request.raw.url ?? "").split("?")[0] ?? "");
    const found = active.find(
      ({ rule, hits }) =>
        (rule.method === undefined || rule.method === request.method) &&
        (typeof rule.path === "string" ? path.includes(rule.path) : rule.path.test(path)) &&
        (rule.user === undefined || rule.user === user) &&
        hits < (rule.times ?? Infinity),
    );
    if (found === undefined) return undefined;
    found.hits += 1;
    return found.fault;
  }

  return {
    add(rule, fault) {
      const entry = { rule, fault, hits: 0 };
      active.push(entry);
      return {
        hits: () => entry.hits,
        remove: () => {
          const index = active.indexOf(entry);
          if (index >= 0) active.splice(index, 1);
        },
      };
    },
    install(app, userOfToken) {
      app.addHook("preHandler", async (request, reply) => {
        const fault = choose(request, userOfToken(request));
        if (fault === undefined) return undefined;
        chosen.set(request, fault);
        return strike(fault, request, reply);
      });
      app.addHook("onSend", (request, _reply, payload, done) => {
        if (chosen.get(request)?.kind === "cut after") request.raw.socket.destroy();
        done(null, payload);
      });
    },
  };
}

async function strike(
  fault: Fault,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  switch (fault.kind) {
    case "limited": {
      const tell = fault.tell ?? "both";
      if (tell !== "body") reply.header("retry-after", String(Math.ceil(fault.afterMs / 1000)));
      return reply.status(429).send({
        errcode: "M_LIMIT_EXCEEDED",
        error: "Too Many Requests",
        ...(tell === "header" ? {} : { retry_after_ms: fault.afterMs }),
      });
    }
    case "answer":
      return reply
        .status(fault.status)
        .headers(fault.headers ?? {})
        .send(fault.body ?? { errcode: "M_UNKNOWN", error: "Internal server error" });
    case "slow":
      await sleep(fault.ms);
      return undefined;
    case "held":
      await fault.until;
      return undefined;
    case "cut before":
      request.raw.socket.destroy();
      return reply.hijack();
    case "cut after":
      return undefined;
    default:
      return undefined;
  }
}

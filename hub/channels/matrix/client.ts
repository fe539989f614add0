import { LogService, MatrixClient } from "matrix-bot-sdk";
import { Agent } from "undici";
import { callSignal } from "./call-signal.ts";
import type { Content } from "./event.ts";
import { HomeserverError } from "./homeserver-error.ts";
import { type Exchange, inExchange, installRequests } from "./request.ts";

const V3 = "/_matrix/client/v3";

/**
 * The SDK's client with our requests under it. Its own sync loop, storage and transaction ids are
 * not used: see sync.ts for why.
 *
 * Every method throws HomeserverError, and nothing else, when it does not succeed.
 */
export class HomeserverClient extends MatrixClient {
  // Each request carries its own limit of time, and those that hang must leave room for others.
  readonly #agent = new Agent({ connections: 128, headersTimeout: 0, bodyTimeout: 0 });
  readonly #signal: AbortSignal;

  /** @param signal aborts all requests, those that wait as well as those to come */
  constructor(homeserver: string, token: string, signal: AbortSignal) {
    installRequests();
    // The SDK writes to the console; what went wrong reaches us as errors.
    const quiet = { info() {}, warn() {}, error() {}, debug() {}, trace() {} };
    LogService.setLogger(quiet);
    super(homeserver, token);
    this.#signal = signal;
  }

  override async doRequest(
    method: string,
    endpoint: string,
    query?: Record<string, unknown> | null,
    body?: unknown,
    timeout = 30_000,
    ...rest: [raw?: boolean, contentType?: string, noEncoding?: boolean]
    // What comes back is validated where it is used.
    // oxlint-disable-next-line typescript/no-explicit-any
  ): Promise<any> {
    const own = callSignal();
    const signals = own === undefined ? [this.#signal] : [this.#signal, own];
    const exchange: Exchange = { agent: this.#agent, signals };
    try {
      return await inExchange(exchange, () =>
        super.doRequest(method, endpoint, query, body, timeout, ...rest),
      );
    } catch (thrown) {
      throw homeserverError(thrown, exchange, `${method} ${endpoint}`);
    }
  }

  /** `GET /sync`: everything since the token, waiting up to `timeoutMs` for something. */
  sync(since: string | undefined, filter: Content, timeoutMs: number): Promise<unknown> {
    const query = {
      timeout: timeoutMs,
      filter: JSON.stringify(filter),
      set_presence: "offline",
      ...(since === undefined ? {} : { since }),
    };
    return this.doRequest("GET", `${V3}/sync`, query, undefined, timeoutMs + 30_000);
  }

  /** `PUT …/send/{type}/{txn}`: the same transaction gives the same event. Returns its id. */
  async put(room: string, type: string, txn: string, content: Content): Promise<string> {
    const path = `${V3}/rooms/${part(room)}/send/${part(type)}/${part(txn)}`;
    const answer = (await this.doRequest("PUT", path, null, content)) as { event_id?: unknown };
    if (typeof answer?.event_id === "string") return answer.event_id;
    throw new HomeserverError("the homeserver took the message but named no event");
  }

  /** One page of a room's past, newest first, from one token (or now) back to another. */
  messagesBefore(
    room: string,
    from: string | undefined,
    to: string | undefined,
    filter: Content,
  ): Promise<unknown> {
    const query = { dir: "b", from, to, limit: 100, filter: JSON.stringify(filter) };
    return this.doRequest("GET", `${V3}/rooms/${part(room)}/messages`, query) as Promise<unknown>;
  }

  /** Events related to one, as served. */
  related(room: string, eventId: string, relation: string, type: string): Promise<unknown> {
    const path = `/_matrix/client/v1/rooms/${part(room)}/relations`;
    return this.doRequest("GET", `${path}/${part(eventId)}/${part(relation)}/${part(type)}`);
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function part(text: string): string {
  return encodeURIComponent(text);
}

/** Turns what the SDK throws (MatrixError, a bare response, a socket's error) into one kind. */
function homeserverError(thrown: unknown, exchange: Exchange, what: string): HomeserverError {
  const answer = thrown as { errcode?: unknown; error?: unknown; retryAfterMs?: unknown };
  const errcode = typeof answer.errcode === "string" ? answer.errcode : undefined;
  const { status } = exchange;
  const options = { retryAfterMs: waitOf(answer.retryAfterMs, exchange.retryAfterMs) };
  if (exchange.location !== undefined) {
    const text = `the homeserver's address redirects to ${exchange.location}`;
    return new HomeserverError(text, { status }, options);
  }
  if (errcode !== undefined) {
    const text = typeof answer.error === "string" ? `: ${answer.error}` : "";
    return new HomeserverError(`${errcode}${text}`, { status, errcode }, options);
  }
  if (status !== undefined && (status < 200 || status >= 300)) {
    const text = `HTTP status ${status} without a Matrix error, to ${what}`;
    return new HomeserverError(text, { status }, options);
  }
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new HomeserverError(`no answer to ${what}: ${cause.message}`, {}, { cause });
}

/**
 * The longer wait of body and header. A header has whole seconds (RFC 9110, 10.2.3): when it is
 * the body's milliseconds rounded up, those are meant.
 */
function waitOf(body: unknown, header: number | undefined): number | undefined {
  if (typeof body !== "number") return header;
  if (header === undefined || header - body < 1_000) return body;
  return header;
}

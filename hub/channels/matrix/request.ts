import { AsyncLocalStorage } from "node:async_hooks";
import type { Readable } from "node:stream";
import { setRequestFn } from "matrix-bot-sdk";
import { type Agent, type Dispatcher, request } from "undici";

/** One call to the homeserver: what the SDK's request function is not told by its caller. */
export interface Exchange {
  agent: Agent;
  /** Any of them aborts it. */
  signals: AbortSignal[];
  /** Set by the answer. */
  status?: number;
  retryAfterMs?: number;
  location?: string;
}

/**
 * The SDK takes one request function for the whole process, while abort and headers belong to one
 * call. The call's exchange travels beside it.
 */
const exchanges = new AsyncLocalStorage<Exchange>();

/** No answer of the client-server API that we ask for comes near this. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Parameters of an address; a list is given one by one. */
type Query = Record<string, string | number | boolean | string[] | null | undefined>;

/** What the SDK passes, in the manner of the retired `request` package. */
interface SdkRequest {
  uri: string;
  method: Dispatcher.HttpMethod;
  qs: Query | null;
  timeout: number;
  headers: Record<string, string>;
  body?: string | Buffer;
}
interface Answer {
  statusCode: number;
  headers: unknown;
  body: string;
}
type SdkCallback = (error: unknown, response?: Answer, body?: string) => void;

/** Runs a call of the SDK whose HTTP requests belong to the exchange. */
export function inExchange<Result>(
  exchange: Exchange,
  call: () => Promise<Result>,
): Promise<Result> {
  return exchanges.run(exchange, call);
}

/**
 * Makes the SDK send its requests by undici: they can be aborted, follow no redirects, and read
 * no endless answers.
 */
export function installRequests(): void {
  setRequestFn((parameters: SdkRequest, callback: SdkCallback) => {
    const exchange = exchanges.getStore();
    if (exchange === undefined) {
      callback(new Error("a request to the homeserver outside of a session"));
      return;
    }
    void answerInto(callback, exchangeRequest(parameters, exchange));
  });
}

async function answerInto(callback: SdkCallback, answer: Promise<Answer>): Promise<void> {
  try {
    const received = await answer;
    callback(null, received, received.body);
  } catch (thrown) {
    callback(thrown);
  }
}

async function exchangeRequest(parameters: SdkRequest, exchange: Exchange): Promise<Answer> {
  const { uri, method, qs, timeout, headers, body } = parameters;
  const limit = new AbortController();
  // Not AbortSignal.any: the session's signal lives for months and would collect its dependants.
  const abort = (): void => limit.abort(new Error("the session ends"));
  const late = (): void => limit.abort(new Error(`nothing within ${timeout} ms`));
  const timer = setTimeout(late, timeout);
  for (const signal of exchange.signals) {
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
  }
  try {
    const answer = await request(address(uri, qs), {
      method,
      headers,
      dispatcher: exchange.agent,
      signal: limit.signal,
      ...(body === undefined ? {} : { body }),
    });
    exchange.status = answer.statusCode;
    const retryAfterMs = readRetryAfter(answer.headers["retry-after"]);
    if (retryAfterMs !== undefined) exchange.retryAfterMs = retryAfterMs;
    const { location } = answer.headers;
    if (typeof location === "string") exchange.location = location;
    const text = await readCapped(answer.body);
    return { statusCode: answer.statusCode, headers: answer.headers, body: text };
  } finally {
    clearTimeout(timer);
    for (const signal of exchange.signals) signal.removeEventListener("abort", abort);
  }
}

function address(uri: string, qs: Query | null): URL {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(qs ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) url.searchParams.append(name, String(one));
    }
  }
  return url;
}

async function readCapped(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection.
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer exceeds ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), as milliseconds from now. */
export function readRetryAfter(value: string | string[] | undefined): number | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

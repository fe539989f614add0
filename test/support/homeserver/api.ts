import type { Account, Ground } from "./ground.ts";
import type { Content } from "./world.ts";

/** An answer of the client-server API. `body` is what was in it, an object or a list. */
export interface ApiAnswer {
  status: number;
  // Answers are read field by field in tests; a wrong guess shows as a failed assertion.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
  retryAfter: string | null;
}

/** Plain requests to the client-server API as one account, without any library. */
export interface Api {
  account: Account;
  call(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  createRoom(wish?: Content): Promise<string>;
  send(room: string, txn: string, content: Content | string, type?: string): Promise<ApiAnswer>;
  sync(since?: string, filter?: Content, timeout?: number): Promise<ApiAnswer>;
}

const V3 = "/_matrix/client/v3";

export function api(ground: Ground, account: Account): Api {
  async function call(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const response = await fetch(ground.url + (path.startsWith("/_") ? path : V3 + path), {
      method,
      headers: {
        "content-type": "application/json",
        ...(account.token === "" ? {} : { authorization: `Bearer ${account.token}` }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === "" ? undefined : JSON.parse(text),
      retryAfter: response.headers.get("retry-after"),
    };
  }
  return {
    account,
    call,
    createRoom: async (wish = {}) => {
      const answer = await call("POST", "/createRoom", wish);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer));
      return String(answer.body.room_id);
    },
    send: (room, txn, content, type = "m.room.message") =>
      call(
        "PUT",
        `${inRoom(room)}/send/${type}/${encodeURIComponent(txn)}`,
        typeof content === "string" ? { msgtype: "m.text", body: content } : content,
      ),
    sync: (since, filter, timeout = 0) => {
      const query = new URLSearchParams({ timeout: String(timeout) });
      if (since !== undefined) query.set("since", since);
      if (filter !== undefined) query.set("filter", JSON.stringify(filter));
      return call("GET", `/sync?${query.toString()}`);
    },
  };
}

/** The path of a room. */
export function inRoom(room: string): string {
  return `/rooms/${encodeURIComponent(room)}`;
}

/** An account without a token, for what needs none. */
export function stranger(ground: Ground): Api {
  return api(ground, { userId: "", token: "", deviceId: "", password: "" });
}

import { createHash, timingSafeEqual } from "node:crypto";
import { BlockList, isIP } from "node:net";
import { OperatorError } from "../../core/errors.ts";
import { mayRun } from "../../core/operation/ask.ts";
import type { Caller, Role } from "../../core/operation/declare.ts";

/** Who looks at a page or calls the API. */
export interface Viewer {
  name: string;
  role: Role | "none";
}

/** What of a request decides about rights. */
export interface Asked {
  method: string;
  /** The address of the peer of the connection. */
  remoteAddress: string | undefined;
  headers: Record<string, string | string[] | undefined>;
}

export interface AccessOptions {
  /** `address:port` as in web.listen. */
  listen: string;
  /** web.url, or empty. */
  url: string;
  /** Role of whoever comes from this machine without a token. */
  allow: Role;
  /** The bearer token. */
  token: string;
}

/** Decides who somebody is. */
export interface Access {
  /** @throws OperatorError `WRONG_HOST` when the Host header is none of ours */
  checkHost(asked: Asked): void;
  /** @throws OperatorError `WRONG_TOKEN`, or `CROSS_SITE` for a change that another site asks for */
  viewerOf(asked: Asked): Viewer;
}

const LOCAL_NAMES = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * Rights over HTTP. A bearer token is an admin. Without one, whoever comes from this machine has
 * the role web.allow, but only when nothing else can reach us (we listen on loopback, no public
 * web.url, no proxy in between), because then the connection alone says who it is. Everybody else
 * may read.
 *
 * A web site that somebody visits on this machine could reach us too: by a name of its own that
 * points here (DNS rebinding; hence the list of hosts), or by a form sent to us (hence the checks
 * of Origin and Sec-Fetch-Site; Fetch Metadata, section 2.4).
 */
export function createAccess(options: AccessOptions): Access {
  const listenHost = options.listen.slice(0, options.listen.lastIndexOf(":")).toLowerCase();
  const publicHost = options.url === "" ? undefined : new URL(options.url).hostname.toLowerCase();
  const alone = isLoopback(listenHost) && (publicHost === undefined || isLocal(publicHost));
  const token = digest(options.token);

  function knows(host: string): boolean {
    if (isLocal(host) || host === listenHost || host === publicHost) return true;
    // An address typed as such cannot be rebound. Only who listens beyond this machine needs it.
    return !isLoopback(listenHost) && isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0;
  }

  return {
    checkHost(asked) {
      const host = hostName(asked.headers["host"]);
      if (host !== undefined && knows(host)) return;
      throw new OperatorError(
        "WRONG_HOST",
        `This server does not answer for the host ${host ?? "(none)"}.`,
        "Open the address that `lk up` printed, or set web.url in config.toml to this one.",
      );
    },
    viewerOf(asked) {
      const authorization = asked.headers["authorization"];
      if (authorization !== undefined) {
        const [, given] = /^Bearer +(\S+)$/i.exec(String(authorization)) ?? [];
        if (given !== undefined && timingSafeEqual(digest(given), token)) {
          return { name: "local:token", role: "admin" };
        }
        throw new OperatorError(
          "WRONG_TOKEN",
          "The bearer token is not the one of this server.",
          "It is in the file that web.token_file names.",
        );
      }
      if (!alone || !isDirect(asked)) return { name: "local:visitor", role: "none" };
      if (changes(asked.method)) refuseOtherSites(asked);
      return { name: "local:web", role: options.allow };
    },
  };
}

/**
 * @throws OperatorError `UNAUTHENTICATED` for somebody without any role, `FORBIDDEN` for one whose
 *   role is too small
 */
export function requireRole(viewer: Viewer, needs: Role): void {
  if (mayRun(viewer.role, needs)) return;
  if (viewer.role === "none") {
    throw new OperatorError(
      "UNAUTHENTICATED",
      "Only reading is open to everybody here.",
      "Send the header: Authorization: Bearer TOKEN, with the token in web.token_file.",
    );
  }
  throw new OperatorError(
    "FORBIDDEN",
    `This needs the role ${needs}; you have the role ${viewer.role}.`,
    "Set web.allow in config.toml, or use the token in web.token_file.",
  );
}

/** A viewer as one who asks for operations. */
export function callerOf(viewer: Viewer): Caller {
  return { name: viewer.name, role: viewer.role, origin: "http" };
}

/** True when a proxy has no part in it, and the peer as well as the name it used are local. */
function isDirect({ remoteAddress, headers }: Asked): boolean {
  const forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
  if (forwarded.some((name) => headers[name] !== undefined)) return false;
  const host = hostName(headers["host"]);
  return isLoopback(remoteAddress ?? "") && host !== undefined && isLocal(host);
}

function refuseOtherSites({ headers }: Asked): void {
  const site = headers["sec-fetch-site"];
  const origin = headers["origin"];
  const sameSite = site === undefined || site === "same-origin" || site === "none";
  const sameOrigin = origin === undefined || originHost(String(origin)) === headers["host"];
  if (sameSite && sameOrigin) return;
  throw new OperatorError(
    "CROSS_SITE",
    "Another web site asked for this change, so it was not made.",
    "Do it on our own page.",
  );
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function changes(method: string): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
}

/** The name in a Host header, without port, in lower case; undefined when it is none. */
function hostName(header: string | string[] | undefined): string | undefined {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(lower(header)) ?? [];
  return name;
}

function lower(header: string | string[] | undefined): string {
  return typeof header === "string" ? header.toLowerCase() : "";
}

function isLocal(host: string): boolean {
  return LOCAL_NAMES.test(host);
}

function isLoopback(address: string): boolean {
  const bare = address.replace(/^\[(.*)\]$/, "$1").replace(/^::ffff:/i, "");
  if (bare === "localhost") return true;
  const family = isIP(bare);
  return family !== 0 && loopback.check(bare, family === 4 ? "ipv4" : "ipv6");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

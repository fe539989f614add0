import { spawnSync } from "node:child_process";
import { chownSync, readFileSync } from "node:fs";

/**
 * As whom initdb and postgres run. They refuse root, so root puts on another face: a user
 * namespace in which it is "nobody" (files stay root's and reachable, even below a 0700 home),
 * or, where namespaces are forbidden, really the user postgres or nobody.
 */
export interface Identity {
  /** Put in front of the command. */
  prefix: string[];
  uid?: number;
  gid?: number;
  /** Hands a path over to that user, where it is a different one. */
  own(path: string): void;
}

const NOBODY = "65534";

let chosen: Identity | undefined;

/** The identity for this process, picked once. */
export function serverIdentity(): Identity {
  chosen ??= chooseIdentity();
  return chosen;
}

function chooseIdentity(): Identity {
  const keep: Identity = { prefix: [], own: () => undefined };
  if (process.getuid?.() !== 0) return keep;
  const namespace = ["unshare", "--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
  if (spawnSync("unshare", [...namespace.slice(1), "true"]).status === 0) {
    return { ...keep, prefix: namespace };
  }
  const { uid, gid } = lookUp("postgres") ?? lookUp("nobody") ?? { uid: 65534, gid: 65534 };
  return { prefix: [], uid, gid, own: (path) => chownSync(path, uid, gid) };
}

function lookUp(user: string): { uid: number; gid: number } | undefined {
  const row = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name]) => name === user);
  return row === undefined ? undefined : { uid: Number(row[2]), gid: Number(row[3]) };
}

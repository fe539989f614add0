import { type Role, ROLES } from "../core/operation/declare.ts";

/** One line of the table of rights, as stored. */
export interface Grant {
  /** Who: an id or a glob over ids. */
  principal: string;
  /** A role; anything else is a line of a newer version or a damaged one. */
  role: string;
  /** Where: a destination or a glob over destinations. */
  room: string;
  denied: boolean;
}

/**
 * The role of somebody in a room. Grants add up to the highest; each denial takes its role and all
 * above it, whoever granted them and wherever. A grant of a role that is not known gives nothing, a
 * denial of one takes everything. Nothing found is "none".
 *
 * @param who  `@user:server` or `local:NAME`
 * @param room a destination: `matrix:!room:server`, `room:local`
 */
export function decideRole(grants: readonly Grant[], who: string, room: string): Role | "none" {
  let highest = -1;
  let limit: number = ROLES.length;
  for (const grant of grants) {
    if (!matchesGlob(grant.principal, who) || !matchesGlob(grant.room, room)) continue;
    const rank = ROLES.indexOf(grant.role as Role);
    if (grant.denied) limit = Math.min(limit, Math.max(rank, 0));
    else highest = Math.max(highest, rank);
  }
  return ROLES[Math.min(highest, limit - 1)] ?? "none";
}

/**
 * Matches `*` (any text) and `?` (one character) and takes all else as it is. A glob for paths
 * would not do: ids are full of what means something there (`!room`, `[::1]`, `a/../b`), and a
 * denial that an odd id slips through is no denial.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\/]/g, "\\$&")
    .replace(/\*+/g, "[^]*")
    .replaceAll("?", "[^]");
  return new RegExp(`^${source}$`, "u").test(text);
}

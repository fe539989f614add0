import { asError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { RoleGrant } from "../core/model/access.ts";
import type { Role } from "../core/operation/declare.ts";
import { LOCAL_ROOM } from "../hub/channels/room/room.ts";
import { decideRole, type Grant } from "./decide-role.ts";

/**
 * The stored grants, and for people of this machine what `web.allow` gives them in the local room.
 * A denial holds against both.
 */
export function withLocalRole(grants: readonly Grant[], localRole: Role): Grant[] {
  const local = { principal: "local:*", role: localRole, room: LOCAL_ROOM, denied: false };
  return [...grants, local];
}

/**
 * Looks the role up. When the table cannot be read the answer is "none": rights that cannot be
 * proven are not there.
 */
export async function loadRole(
  who: string,
  room: string,
  options: { localRole: Role; log: Log },
): Promise<Role | "none"> {
  try {
    const grants = await RoleGrant.findAll({ raw: true });
    return decideRole(withLocalRole(grants, options.localRole), who, room);
  } catch (thrown) {
    options.log.error({ err: asError(thrown) }, "cannot read the table of rights");
    return "none";
  }
}

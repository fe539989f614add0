import type { Module } from "../module.ts";
import { auditList, auditVerify } from "./audit.ts";
import { roleDeny, roleGrant, roleList, roleRevoke } from "./roles.ts";

/** Who may do what, and the record of who did. */
export const access: Module = {
  name: "access",
  summary: "roles of people in rooms, and the audit of what they asked for",
  operations: [roleGrant, roleRevoke, roleDeny, roleList, auditList, auditVerify],
};

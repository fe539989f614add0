import type { Module } from "../module.ts";
import { keyList, keyShow } from "./operation-list.ts";
import { keyInstall, keyNew } from "./operation-new.ts";
import { keyAllow, keyDeny } from "./operation-rights.ts";
import { keyRevoke, keyTrust } from "./operation-trust.ts";

export const keys: Module = {
  name: "keytool",
  summary: "keys that sign events: whose are accepted, for what, and which are ours",
  operations: [keyNew, keyInstall, keyTrust, keyRevoke, keyAllow, keyDeny, keyList, keyShow],
};

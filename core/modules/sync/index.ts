import type { Module } from "../module.ts";
import { newIssue, packageImported, resolvedIssue } from "./events.ts";

export const sync: Module = {
  name: "synchrotron",
  summary: "keeping packages in step with the distribution that we derive from",
  events: [packageImported, newIssue, resolvedIssue],
};

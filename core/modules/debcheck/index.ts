import type { Module } from "../module.ts";
import { checkCompleted, issueFound, issueResolved } from "./events.ts";

export const debcheck: Module = {
  name: "debcheck",
  summary: "whether the dependencies of packages can be met",
  events: [issueFound, issueResolved, checkCompleted],
};

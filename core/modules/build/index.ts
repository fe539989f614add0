import type { Module } from "../module.ts";
import { buildDepwait, buildFailed, buildSuccess, jobUploads } from "./events.ts";

export const build: Module = {
  name: "rubicon",
  summary: "what workers built and uploaded",
  events: [buildSuccess, buildFailed, buildDepwait, ...jobUploads],
};

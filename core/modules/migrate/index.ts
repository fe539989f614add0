import type { Module } from "../module.ts";
import { excuseRemoved, newExcuse } from "./events.ts";

export const migrate: Module = {
  name: "spears",
  summary: "which packages may move from suite to suite, and why others may not",
  events: [newExcuse, excuseRemoved],
};

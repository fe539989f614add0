import type { Module } from "../module.ts";
import { cancel, queue } from "./operations.ts";

export const work: Module = {
  name: "work",
  summary: "what was asked for, is running, and how it ended",
  operations: [queue, cancel],
};

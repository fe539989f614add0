import type { Module } from "../module.ts";
import { canary, ping } from "./events.ts";

export const base: Module = {
  name: "core",
  summary: "what belongs to no module: checks of the bus itself",
  events: [ping, canary],
};

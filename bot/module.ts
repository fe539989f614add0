import type { Module } from "../core/modules/module.ts";
import { checkInbox } from "./check.ts";
import { commands } from "./commands/index.ts";

/** What the bot itself can be asked. */
export const botModule: Module = {
  name: "bot",
  summary: "talking to Laniakea",
  operations: commands,
  check: checkInbox,
};

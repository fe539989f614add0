import type { Module } from "../module.ts";
import { machineChecks } from "./checks.ts";
import { manual } from "./manual.ts";
import { doctor, version } from "./operations.ts";

export const care: Module = {
  name: "care",
  summary: "the machine this runs on",
  operations: [doctor, version, manual],
  check: machineChecks,
};

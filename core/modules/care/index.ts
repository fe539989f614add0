import type { Module } from "../module.ts";
import { machineChecks } from "./checks.ts";
import { doctor, version } from "./operations.ts";

export const care: Module = {
  name: "care",
  summary: "the machine this runs on",
  operations: [doctor, version],
  check: machineChecks,
};

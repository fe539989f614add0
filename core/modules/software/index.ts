import type { Module } from "../module.ts";
import { explainSoftware } from "./explain.ts";
import { software as softwareOperation } from "./operation.ts";

export const software: Module = {
  name: "software",
  summary: "applications and other software components of the archives",
  operations: [softwareOperation],
  explain: explainSoftware,
};

import type { Module } from "../module.ts";
import { distroApply, distroExport } from "./operations.ts";

export const distro: Module = {
  name: "distro",
  summary: "the description of the distribution: into the database and out of it",
  operations: [distroApply, distroExport],
};

import type { Module } from "../module.ts";
import { status, why } from "./operations.ts";

export const answers: Module = {
  name: "answers",
  summary: "questions that all modules answer together",
  operations: [status, why],
};

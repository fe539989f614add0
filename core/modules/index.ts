import { answers } from "./answers/index.ts";
import { care } from "./care/index.ts";
import type { Module } from "./module.ts";
import { work } from "./work/index.ts";

/** THE list of core's modules: one line each. Nothing else names them. */
export const coreModules: readonly Module[] = [answers, work, care];

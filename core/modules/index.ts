import { access } from "./access/index.ts";
import { answers } from "./answers/index.ts";
import { archive } from "./archive/index.ts";
import { base } from "./base/index.ts";
import { build } from "./build/index.ts";
import { care } from "./care/index.ts";
import { debcheck } from "./debcheck/index.ts";
import { distro } from "./distro/index.ts";
import { images } from "./images/index.ts";
import { jobs } from "./jobs/index.ts";
import { keys } from "./keys/index.ts";
import { lighthouse } from "./lighthouse/index.ts";
import { migrate } from "./migrate/index.ts";
import type { Module } from "./module.ts";
import { software } from "./software/index.ts";
import { sync } from "./sync/index.ts";
import { work } from "./work/index.ts";

/** THE list of core's modules: one line each, in the order they answer. Nothing else names them. */
export const coreModules: readonly Module[] = [
  archive,
  software,
  distro,
  sync,
  migrate,
  debcheck,
  build,
  images,
  jobs,
  base,
  lighthouse,
  keys,
  work,
  answers,
  access,
  care,
];

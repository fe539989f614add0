import type { Module } from "../module.ts";
import { importEvents } from "./events.ts";
import { explainPackage } from "./explain.ts";
import { importOperation } from "./operation.ts";
import { peerArchiveEvents } from "./peer-events.ts";
import { repositorySection } from "./repository-plan.ts";
import { suiteStatus } from "./status.ts";
import { suiteList } from "./suite-list.ts";

export const archive: Module = {
  name: "archive",
  summary: "archives as they are: suites, packages, and what changes in them",
  operations: [importOperation, suiteList],
  distro: [repositorySection],
  events: [...importEvents, ...peerArchiveEvents],
  explain: explainPackage,
  status: suiteStatus,
};

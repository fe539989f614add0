import prettyBytes from "pretty-bytes";
import { settingPath } from "../../config.ts";
import type { Module } from "../module.ts";
import { contents } from "./contents/operation.ts";
import { DOWNLOADS, downloadsSize } from "./download-cache.ts";
import { importEvents } from "./events.ts";
import { explainPackage } from "./explain.ts";
import { diffOperation } from "./diff.ts";
import { importOperation } from "./operation.ts";
import { peerArchiveEvents } from "./peer-events.ts";
import { runList } from "./run-list.ts";
import { tidyOperation } from "./tidy.ts";
import { archiveRecovery } from "./recover.ts";
import { repositorySection } from "./repository-plan.ts";
import { providers } from "./providers.ts";
import { show } from "./show.ts";
import { suiteStatus } from "./status.ts";
import { suiteList } from "./suite-list.ts";

export const archive: Module = {
  name: "archive",
  summary: "archives as they are: suites, packages, and what changes in them",
  operations: [
    importOperation,
    diffOperation,
    show,
    providers,
    contents,
    suiteList,
    runList,
    tidyOperation,
  ],
  distro: [repositorySection],
  recover: [archiveRecovery],
  events: [...importEvents, ...peerArchiveEvents],
  explain: explainPackage,
  status: suiteStatus,
  async check({ settings }) {
    const size = await downloadsSize(settingPath(settings, DOWNLOADS));
    return [{ tone: "good", headline: [`Downloads of archives: ${prettyBytes(size)} kept.`] }];
  },
};

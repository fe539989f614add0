import type { Module } from "../module.ts";
import {
  jobAccepted,
  jobAssigned,
  jobFinished,
  jobLost,
  jobRejected,
  jobTerminated,
} from "./events.ts";
import { jobList, jobShow } from "./operation-job.ts";
import { jobAdd, jobCancel, jobPrioritize, jobRetry } from "./operation-job-change.ts";
import {
  sparkAdd,
  sparkDisable,
  sparkEnable,
  sparkList,
  sparkRemove,
  sparkShow,
} from "./operation-spark.ts";
import { policySection } from "./policy-section.ts";
import { jobRecovery } from "./recover.ts";
import { explainJobs, jobChecks, jobStatus } from "./status.ts";

export const jobs: Module = {
  name: "jobs",
  summary: "what build workers are given and report",
  operations: [
    jobList,
    jobShow,
    jobAdd,
    jobRetry,
    jobCancel,
    jobPrioritize,
    sparkList,
    sparkShow,
    sparkAdd,
    sparkEnable,
    sparkDisable,
    sparkRemove,
  ],
  events: [jobAssigned, jobAccepted, jobRejected, jobFinished, jobLost, jobTerminated],
  distro: [policySection],
  recover: [jobRecovery],
  explain: explainJobs,
  check: jobChecks,
  status: jobStatus,
};

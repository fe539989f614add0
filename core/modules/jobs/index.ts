import type { Module } from "../module.ts";
import {
  jobAccepted,
  jobAssigned,
  jobFinished,
  jobLost,
  jobRejected,
  jobTerminated,
} from "./events.ts";

export const jobs: Module = {
  name: "jobs",
  summary: "what build workers are given and report",
  events: [jobAssigned, jobAccepted, jobRejected, jobFinished, jobLost, jobTerminated],
};

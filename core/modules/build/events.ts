import { z } from "zod";
import { declareEvent, type EventDeclaration } from "../../events/declare.ts";
import {
  architecture,
  code,
  line,
  place,
  quoted,
  seeJob,
  shortJob,
  strong,
  version,
} from "../../events/phrases.ts";
import type { Tone } from "../../message.ts";

const Build = z.looseObject({
  pkgname: z.string(),
  version: z.string(),
  architecture: z.string(),
  /** Absent in events of 2021. */
  repo: z.string().nullish(),
  /** Absent when the job names none. */
  suite: z.string().nullish(),
  job_id: z.string(),
});

/** The three outcomes differ in the tag, the tone and the verb. */
function buildEvent(tag: string, summary: string, tone: Tone, verb: string): EventDeclaration {
  return declareEvent({
    tag: `_lk.archive.${tag}`,
    summary,
    schema: Build,
    audience: "people",
    subject: (data) => ({
      ...(data.repo ? { repository: data.repo } : {}),
      ...(data.suite ? { suites: [data.suite] } : {}),
      packages: [data.pkgname],
    }),
    render: (data, links) => {
      const build = line`${strong(data.pkgname)} ${version(data.version)} ${verb}`;
      const target = place(data.repo, data.suite);
      return {
        tone,
        headline: line`${build} on ${architecture(data.architecture)}${target && ` for ${target}`}`,
        ...seeJob(data.job_id, links),
      };
    },
  });
}

export const buildSuccess = buildEvent(
  "package-build-success",
  "a package was built, and the worker's report was accepted",
  "good",
  "was built",
);
export const buildFailed = buildEvent(
  "package-build-failed",
  "the build of a package failed, and the worker's report was accepted",
  "bad",
  "failed to build",
);
export const buildDepwait = buildEvent(
  "package-build-depwait",
  "a package cannot be built yet: a build dependency is missing",
  "attention",
  "waits for a build dependency",
);

const JobUpload = z.looseObject({ job_id: z.string(), job_failed: z.boolean() });
const RejectedUpload = z.looseObject({
  dud_filename: z.string(),
  reason: z.string(),
  /** Absent in events of 2021. */
  repo: z.string().optional(),
});

function jobUploadAccepted(tag: string, legacy: boolean): EventDeclaration {
  return declareEvent({
    tag,
    summary: "the result of a job that builds neither a package nor an image was accepted",
    schema: JobUpload,
    audience: "people",
    legacy,
    subject: () => ({}),
    render: (data, links) => {
      const outcome = data.job_failed ? "failed" : "succeeded";
      return {
        tone: data.job_failed ? "bad" : "good",
        headline: line`Job ${shortJob(data.job_id)} ${outcome}, and its result was accepted`,
        ...seeJob(data.job_id, links),
      };
    },
  });
}

function jobUploadRejected(tag: string, legacy: boolean): EventDeclaration {
  return declareEvent({
    tag,
    summary: "the result of a job was refused: its signature or a checksum is wrong",
    schema: RejectedUpload,
    audience: "people",
    legacy,
    subject: (data) => (data.repo === undefined ? {} : { repository: data.repo }),
    render: (data) => {
      const where = data.repo === undefined ? "" : ` from ${data.repo}`;
      return {
        tone: "bad",
        headline: line`The job result ${code(data.dud_filename)} was rejected${where}`,
        quote: quoted(data.reason),
      };
    },
  });
}

/** The names of 2021 mean the same. */
export const jobUploads = [
  jobUploadAccepted("_lk.rubicon.job-upload-accepted", false),
  jobUploadRejected("_lk.rubicon.job-upload-rejected", false),
  jobUploadAccepted("_lk.rubicon.upload-accepted", true),
  jobUploadRejected("_lk.rubicon.upload-rejected", true),
];

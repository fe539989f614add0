import { z } from "zod";
import { declareEvent, type EventDeclaration, type Reader } from "../../events/declare.ts";
import {
  architecture,
  code,
  place,
  reason,
  seeJob,
  shortJob,
  strong,
  version,
} from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import type { Answers, Inline, Tone } from "../../message.ts";
import { buildWords } from "./words.ts";

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

type Build = z.output<typeof Build>;

/** What the three outcomes differ in. */
interface Outcome {
  tag: string;
  summary: string;
  tone: Tone;
  /** The sentence; with `For` after it, the one that names the suite. */
  says: "built" | "failed" | "depwait";
  answers(data: Build, reader: Reader): Answers;
}

function buildEvent({ tag, summary, tone, says, answers }: Outcome): EventDeclaration {
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
    render: (data, reader) => {
      const target = place(data.repo, data.suite);
      return {
        tone,
        headline: buildWords.in(reader.language)(target === "" ? says : `${says}For`, {
          package: strong(data.pkgname),
          version: version(data.version),
          architecture: architecture(data.architecture),
          place: target,
        }),
        answers: answers(data, reader),
        ...seeJob(data.job_id, reader),
      };
    },
  });
}

export const buildSuccess = buildEvent({
  tag: "package-build-success",
  summary: "a package was built, and the worker's report was accepted",
  tone: "good",
  says: "built",
  answers: (_, { language }) => ({ state: "done", acts: eventWords.in(language)("nobody") }),
});
export const buildFailed = buildEvent({
  tag: "package-build-failed",
  summary: "the build of a package failed, and the worker's report was accepted",
  tone: "bad",
  says: "failed",
  answers: ({ pkgname }, { language }) => ({
    state: "failed",
    acts: eventWords.in(language)("maintainers", { package: pkgname }),
  }),
});
export const buildDepwait = buildEvent({
  tag: "package-build-depwait",
  summary: "a package cannot be built yet: a build dependency is missing",
  tone: "attention",
  says: "depwait",
  answers: (_, { language }) => {
    const say = buildWords.in(language);
    return { state: "waiting", why: say("missing"), acts: say("later") };
  },
});

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
    render: ({ job_id: id, job_failed: isBad }, reader) => {
      const say = buildWords.in(reader.language);
      const acts = isBad ? {} : { acts: eventWords.in(reader.language)("nobody") };
      return {
        tone: isBad ? "bad" : "good",
        headline: say(isBad ? "resultBad" : "resultGood", { job: shortJob(id) }),
        answers: { state: isBad ? "failed" : "done", ...acts },
        ...seeJob(id, reader),
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
    render: ({ dud_filename: name, reason: text, repo }, { language }) => {
      const say = buildWords.in(language);
      const file: Inline = code(name);
      const { why, ...quote } = reason(text) ?? {};
      return {
        tone: "bad",
        headline:
          repo === undefined
            ? say("resultRejected", { file })
            : say("resultRejectedFrom", { file, repository: repo }),
        answers: { state: "rejected", ...(why && { why }), acts: say("keeper") },
        ...quote,
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

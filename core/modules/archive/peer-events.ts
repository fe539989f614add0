import { z } from "zod";
import { declareEvent, type Subject } from "../../events/declare.ts";
import {
  code,
  emailOf,
  line,
  place,
  quoted,
  seeSource,
  strong,
  version,
  words,
} from "../../events/phrases.ts";
import type { Inline, Message } from "../../message.ts";
import { legacyEvents } from "./peer-legacy-events.ts";

const Uploader = {
  uploader_email: z.string().nullish(),
  uploader_name: z.string().nullish(),
  uploader_alias: z.string().nullish(),
};
const Accepted = z.looseObject({
  repo: z.string(),
  suite: z.string(),
  upload_name: z.string(),
  /** True: it waits in the review queue. */
  is_new: z.boolean(),
  files: z.array(z.string()).nullish(),
  changes: z.string().nullish(),
  source_name: z.string().nullish(),
  source_version: z.string().nullish(),
  source_maintainer: z.string().nullish(),
  source_uploaders: z.array(z.string()).nullish(),
  ...Uploader,
});
type Accepted = z.output<typeof Accepted>;
const Rejected = z.looseObject({
  repo: z.string(),
  upload_name: z.string(),
  reason: z.string(),
  ...Uploader,
});
type Uploaded = Pick<Accepted, "uploader_email" | "uploader_name" | "uploader_alias">;

const Removed = z.looseObject({
  pkg_name: z.string(),
  pkg_version: z.string(),
  repo: z.string(),
});
type Removed = z.output<typeof Removed>;

const uploadAccepted = declareEvent({
  tag: "_lk.archive.package-upload-accepted",
  summary: "an upload came into the archive, or into the review queue for new packages",
  schema: Accepted,
  audience: "people",
  subject: acceptedSubject,
  story: (data) => ({
    object: `upload/${data.repo}/${data.upload_name}`,
    continues: true,
    did: "accepted",
  }),
  render: (data, links): Message => {
    const target = place(data.repo, data.suite);
    const details = origin(data);
    const changes = data.source_name ? quoted(data.changes ?? "") : "";
    const quote = changes === "" ? {} : { quote: changes };
    if (data.is_new) {
      const headline = line`${contents(data)} waits for review on its way into ${target}`;
      const next = ["Somebody who may review has to accept or reject it."];
      return { tone: "attention", headline, details, ...quote, next };
    }
    const headline = line`${contents(data)} was accepted into ${target}`;
    const next = data.source_name ? seeSource(data.source_name, data.suite, links) : {};
    return { tone: "good", headline, details, ...quote, ...next };
  },
});

const uploadRejected = declareEvent({
  tag: "_lk.archive.package-upload-rejected",
  summary: "an upload was refused",
  schema: Rejected,
  audience: "people",
  subject: (data) => ({ repository: data.repo, ...people([data.uploader_email]) }),
  story: (data) => ({
    object: `upload/${data.repo}/${data.upload_name}`,
    continues: true,
    did: "rejected",
  }),
  render: (data) => ({
    tone: "bad",
    headline: line`Upload ${strong(data.upload_name)}${by(data)} was rejected from ${data.repo}`,
    quote: quoted(data.reason),
  }),
});

const suiteDeleted = declareEvent({
  tag: "_lk.archive.package-src-suite-deleted",
  summary: "a source package was taken out of one suite and is still in others",
  schema: Removed.extend({ suite: z.string() }),
  audience: "people",
  subject: (data) => ({ ...subject(data), suites: [data.suite] }),
  render: (data) => ({
    tone: "attention",
    headline: line`${source(data)} was deleted from ${place(data.repo, data.suite)}`,
    details: [["Other suites still have it."]],
  }),
});

const markedRemoval = declareEvent({
  tag: "_lk.archive.package-src-marked-removal",
  summary: "a source package left its last suite and will be deleted",
  schema: Removed,
  audience: "people",
  subject,
  render: (data) => ({
    tone: "attention",
    headline: line`${source(data)} was marked for removal: no suite of ${data.repo} has it any more`,
  }),
});

const removed = declareEvent({
  tag: "_lk.archive.package-src-removed",
  summary: "a source package and its files were deleted",
  schema: Removed,
  audience: "people",
  subject,
  render: (data) => ({
    tone: "attention",
    headline: line`${source(data)} was removed from ${data.repo}, with its files`,
  }),
});

const copied = declareEvent({
  tag: "_lk.archive.package-src-copied",
  summary: "a source package was added to another suite of its repository",
  schema: Removed.extend({ dest_suite: z.string(), with_binaries: z.boolean().optional() }),
  audience: "people",
  subject: (data) => ({ ...subject(data), suites: [data.dest_suite] }),
  render: (data, links) => {
    const target = place(data.repo, data.dest_suite);
    const binaries = data.with_binaries === false ? ", without binaries" : ", with its binaries";
    const extent = data.with_binaries === undefined ? "" : binaries;
    return {
      tone: "good",
      headline: line`${source(data)} was copied into ${target}${extent}`,
      ...seeSource(data.pkg_name, data.dest_suite, links),
    };
  },
});

/** What Python Laniakea says about its archive, old versions of it too. */
export const peerArchiveEvents = [
  uploadAccepted,
  uploadRejected,
  suiteDeleted,
  markedRemoval,
  removed,
  copied,
  ...legacyEvents,
];

function source(data: Removed): Inline[] {
  return line`${strong(data.pkg_name)} ${version(data.pkg_version)}`;
}

function subject(data: Removed): Subject {
  return { repository: data.repo, packages: [data.pkg_name] };
}

/** What was uploaded: the source package when there is one, else the upload itself. */
function contents(data: Accepted): Inline[] {
  if (!data.source_name) return line`Upload ${strong(data.upload_name)}`;
  const name = strong(data.source_name);
  return !data.source_version ? [name] : line`${name} ${version(data.source_version)}`;
}

function origin(data: Accepted): Inline[][] {
  if (data.source_name) return [line`Upload ${code(data.upload_name)}${by(data)}`];
  return by(data) === "" ? [] : [line`Uploaded${by(data)}`];
}

/** Who uploaded it, as far as that is known; addresses are not for the public. */
function by(data: Uploaded): string {
  const name = data.uploader_name ?? data.uploader_alias ?? "";
  return name === "" ? "" : ` by ${words(name)}`;
}

function acceptedSubject(data: Accepted): Subject {
  return {
    repository: data.repo,
    suites: [data.suite],
    ...(!data.source_name ? {} : { packages: [data.source_name] }),
    ...people([data.uploader_email, data.source_maintainer, ...(data.source_uploaders ?? [])]),
  };
}

function people(names: (string | null | undefined)[]): { people?: string[] } {
  const addresses = names.flatMap((name) => emailOf(name ?? "") ?? []);
  return addresses.length === 0 ? {} : { people: [...new Set(addresses)] };
}

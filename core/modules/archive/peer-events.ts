import { z } from "zod";
import { declareEvent, type Reader, type Subject } from "../../events/declare.ts";
import {
  code,
  emailOf,
  line,
  place,
  quoted,
  reason,
  seeSource,
  strong,
  toDo,
  version,
  words,
} from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import type { Inline, Message } from "../../message.ts";
import { legacyEvents } from "./peer-legacy-events.ts";
import { peerWords } from "./peer-words.ts";

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
  render: (data, reader): Message => {
    const say = peerWords.in(reader.language);
    const names = { what: contents(data, reader), place: place(data.repo, data.suite) };
    const changes = data.source_name ? changesOf(data) : "";
    const proof = {
      details: origin(data, reader),
      ...(changes === "" ? {} : { quote: changes }),
    };
    if (data.is_new) {
      const acts = say("reviewers", { repository: data.repo });
      const answers = { state: "needs-approval" as const, acts };
      return { tone: "attention", headline: say("waits", names), answers, ...proof };
    }
    const acts = eventWords.in(reader.language)("nobody");
    const next = data.source_name ? seeSource(data.source_name, data.suite, reader) : {};
    const headline = say("accepted", names);
    return { tone: "good", headline, answers: { state: "done", acts }, ...proof, ...next };
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
  render: (data, { language }) => {
    const say = peerWords.in(language);
    const person = personOf(data);
    const names = { name: strong(data.upload_name), repository: data.repo };
    const { why, ...quote } = reason(data.reason) ?? {};
    return {
      tone: "bad",
      headline: person === "" ? say("rejected", names) : say("rejectedBy", { ...names, person }),
      answers: {
        state: "rejected",
        ...(why && { why }),
        acts: person === "" ? say("uploader") : [person],
      },
      ...quote,
    };
  },
});

const suiteDeleted = declareEvent({
  tag: "_lk.archive.package-src-suite-deleted",
  summary: "a source package was taken out of one suite and is still in others",
  schema: Removed.extend({ suite: z.string() }),
  audience: "people",
  subject: (data) => ({ ...subject(data), suites: [data.suite] }),
  render: (data, reader) => {
    const say = peerWords.in(reader.language);
    return {
      tone: "attention",
      headline: say("deleted", { what: source(data), place: place(data.repo, data.suite) }),
      answers: { state: "removed" },
      details: [say("others")],
      ...toDo(reader, ["why", data.pkg_name]),
    };
  },
});

const markedRemoval = declareEvent({
  tag: "_lk.archive.package-src-marked-removal",
  summary: "a source package left its last suite and will be deleted",
  schema: Removed,
  audience: "people",
  subject,
  render: (data, reader) => {
    const say = peerWords.in(reader.language);
    return {
      tone: "attention",
      headline: say("marked", { what: source(data), repository: data.repo }),
      answers: { state: "removed", why: say("markedWhy") },
      ...toDo(reader, ["why", data.pkg_name]),
    };
  },
});

const removed = declareEvent({
  tag: "_lk.archive.package-src-removed",
  summary: "a source package and its files were deleted",
  schema: Removed,
  audience: "people",
  subject,
  render: (data, reader) => ({
    tone: "attention",
    headline: peerWords.in(reader.language)("removed", {
      what: source(data),
      repository: data.repo,
    }),
    answers: { state: "removed" },
    ...toDo(reader, ["why", data.pkg_name]),
  }),
});

const copied = declareEvent({
  tag: "_lk.archive.package-src-copied",
  summary: "a source package was added to another suite of its repository",
  schema: Removed.extend({ dest_suite: z.string(), with_binaries: z.boolean().optional() }),
  audience: "people",
  subject: (data) => ({ ...subject(data), suites: [data.dest_suite] }),
  render: (data, reader) => {
    const { with_binaries: isWhole } = data;
    const id = isWhole === undefined ? "copied" : isWhole ? "copiedWith" : "copiedWithout";
    const names = { what: source(data), place: place(data.repo, data.dest_suite) };
    return {
      tone: "good",
      headline: peerWords.in(reader.language)(id, names),
      answers: { state: "done", acts: eventWords.in(reader.language)("nobody") },
      ...seeSource(data.pkg_name, data.dest_suite, reader),
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
function contents(data: Accepted, { language }: Reader): Inline[] {
  if (!data.source_name) {
    return peerWords.in(language)("upload", { name: strong(data.upload_name) });
  }
  const name = strong(data.source_name);
  return !data.source_version ? [name] : line`${name} ${version(data.source_version)}`;
}

function origin(data: Accepted, { language }: Reader): Inline[][] {
  const say = peerWords.in(language);
  const person = personOf(data);
  if (!data.source_name) return person === "" ? [] : [say("uploadedBy", { person })];
  const name = code(data.upload_name);
  return [person === "" ? say("uploadedAs", { name }) : say("uploadBy", { name, person })];
}

/** The Changes field without its marks of empty lines (Policy 5.6.19: ` .`), which tell nothing. */
function changesOf({ changes }: Accepted): string {
  const lines = (changes ?? "").split(/\r?\n/).filter((text) => !/^\s*\.?\s*$/.test(text));
  return quoted(lines.map((text) => text.replace(/^ /, "")).join("\n"));
}

/** Who uploaded it, as far as that is known, else nothing; addresses are not for the public. */
function personOf(data: Uploaded): string {
  return words(data.uploader_name ?? data.uploader_alias ?? "");
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

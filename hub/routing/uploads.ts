import { z } from "zod";
import type { Config } from "../../core/config.ts";
import type { DeliverySubject } from "../channels/channel.ts";

/**
 * Mails that follow an upload: to who uploaded it, and for accepted sources to the announce list,
 * as Laniakea's Mailgun sends them.
 */
export interface UploadMail {
  address: string;
  reason: string;
  subject: DeliverySubject;
}

const ACCEPTED = "_lk.archive.package-upload-accepted";
const REJECTED = "_lk.archive.package-upload-rejected";

const Upload = z.looseObject({
  repo: z.string(),
  upload_name: z.string(),
  suite: z.string().optional(),
  is_new: z.boolean().optional(),
  source_name: z.string().optional(),
  source_version: z.string().optional(),
  uploader_email: z.string().optional(),
});
type Upload = z.output<typeof Upload>;

/** The announce list of each suite. */
export interface Announce {
  /** Of suites that are not in `suites`; "" for none. */
  other: string;
  suites: Readonly<Record<string, string>>;
}

/** The lists that `email.announce` and `email.announce_suites` name. */
export function announceOf({ email }: Config): Announce {
  return { other: email.announce, suites: email.announce_suites };
}

/** The mails of an event; none for other events, or for data that is not as it should be. */
export function uploadMails(tag: string, data: unknown, announce: Announce): UploadMail[] {
  if (tag !== ACCEPTED && tag !== REJECTED) return [];
  const parsed = Upload.safeParse(data);
  if (!parsed.success) return [];
  const upload = parsed.data;
  const mails: UploadMail[] = [];
  const { uploader_email: uploader } = upload;
  if (uploader !== undefined) {
    mails.push({
      address: uploader,
      reason: "you uploaded it",
      subject: tag === REJECTED ? rejected(upload) : accepted(upload),
    });
  }
  if (tag === ACCEPTED && upload.is_new !== true && upload.source_name !== undefined) {
    const list = announceList(announce, upload.suite);
    if (list !== "") mails.push(announcement(upload, list));
  }
  return mails;
}

/** Asked by `Object.hasOwn`: the suite's name comes out of an upload. */
function announceList({ other, suites }: Announce, suite = ""): string {
  return Object.hasOwn(suites, suite) ? (suites[suite] ?? "") : other;
}

function rejected({ repo, upload_name: name }: Upload): DeliverySubject {
  return { title: `[${repo}] ${name} REJECTED`, label: "package-rejected" };
}

function accepted({ repo, upload_name: name, suite, is_new: isNew }: Upload): DeliverySubject {
  const target = suite ?? "the archive";
  return isNew === true
    ? { title: `[${repo}] ${name} for ${target} is NEW`, label: "package-queued-new" }
    : { title: `[${repo}] ${name} ACCEPTED into ${target}`, label: "package-accepted" };
}

function announcement(upload: Upload, address: string): UploadMail {
  const { repo, suite, source_name: source, source_version: version } = upload;
  const what = `${source} ${version ?? ""}`.trim();
  return {
    address,
    reason: "email.announce in the configuration",
    subject: {
      title: `[${repo}] Accepted ${what} into ${suite ?? "the archive"}`,
      label: "package-accepted",
      announcement: true,
    },
  };
}

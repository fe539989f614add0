import { createHash } from "node:crypto";
import type { DeliverySubject, Outgoing } from "../channel.ts";

/** The Message-ID of a delivery, with its angle brackets. */
export function messageId(deliveryId: string, domain: string): string {
  return `<${deliveryId}@${domain}>`;
}

/**
 * What References names, from the root down, so that readers sort mails into threads: the package
 * (or else the kind of news), the build or upload within it, and the mail that this one follows.
 * The first two are Message-IDs of mails that nobody ever sent; RFC 5322 section 3.6.4 asks only
 * that they are unique, and readers make an empty root of them.
 */
export function references({ subject, edits }: Outgoing, domain: string): string[] {
  const { repository = "", packages = [], object } = subject;
  const topic = topicOf(subject);
  const ids: string[] = [];
  if (packages[0] !== undefined) {
    ids.push(threadId("package", `${repository}\0${packages[0]}`, domain));
  } else if (topic !== "") ids.push(threadId("topic", topic, domain));
  if (object !== undefined) ids.push(threadId("object", object, domain));
  if (edits !== undefined) ids.push(messageId(edits.id, domain));
  return ids;
}

function threadId(kind: string, key: string, domain: string): string {
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 32);
  return `<${kind}.${hash}@${domain}>`;
}

/** List labels are for machines: RFC 2919 allows the characters of a dot-atom. */
const LABEL_CHARACTERS = 100;

/**
 * The value of List-Id (RFC 2919): one list for each package of a repository, else one for each
 * kind of news, so that filters of readers can tell them apart.
 *
 * @param project shown before it, in words
 */
export function listId(subject: DeliverySubject, project: string, domain: string): string {
  const { repository, packages = [] } = subject;
  const words = project.replace(/[<>"()\\]/g, "");
  if (packages[0] !== undefined) {
    const labels = [packages[0], ...(repository === undefined ? [] : [repository]), "package"];
    return `${words}: ${packages[0].replace(/[<>"()\\]/g, "")} <${listName(labels, domain)}>`;
  }
  const topic = topicOf(subject);
  return `${words} <${listName(topic === "" ? ["news"] : [topic, "news"], domain)}>`;
}

function listName(labels: string[], domain: string): string {
  return [...labels.map(label).filter((text) => text !== ""), domain].join(".");
}

function label(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9+._-]+/g, "-")
    .replace(/\.{2,}/g, ".")
    .slice(0, LABEL_CHARACTERS)
    .replace(/^[.-]+|[.-]+$/g, "");
}

/** The module of a tag: `archive` of `_lk.archive.package-src-removed`. */
function topicOf({ tag = "" }: DeliverySubject): string {
  const parts = tag.split(".");
  return (parts[0] === "_lk" ? parts[1] : parts[0]) ?? "";
}

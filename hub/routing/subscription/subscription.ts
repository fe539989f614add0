import type { Inline } from "../../../core/message.ts";
import type { Keyword } from "../keyword.ts";

/**
 * What can be subscribed to, by a name or a pattern:
 * - `package`: a source or binary package; `source`: a source package with all its binaries;
 * - `maintainer`: the packages with this address in Maintainer or Uploaders;
 * - `team`: the packages of a team; `suite`; `keyword`: a kind of news;
 * - `person`: what a person uploads; `matching`: whatever the condition says.
 */
export const SUBSCRIPTION_KINDS = [
  "package",
  "source",
  "maintainer",
  "team",
  "suite",
  "keyword",
  "person",
  "matching",
] as const;
export type SubscriptionKind = (typeof SUBSCRIPTION_KINDS)[number];

/** What is to be heard, before it is stored. */
export interface Wanted {
  kind: SubscriptionKind;
  /** A name, an address (lower case) or a pattern; "" of kind `matching`. */
  value: string;
  /** An expression that must hold as well; "" for none. */
  condition: string;
}

/** A stored subscription. */
export interface Subscription extends Wanted {
  id: string;
  destination: string;
  /** Kinds of news; null: those of the destination. */
  keywords: Keyword[] | null;
  /** Of a team: packages that this member does not want to hear of, `*` for all. */
  muted: string[];
  owner: string;
  createdBy: string;
  createdAt: Date;
}

/** What a destination prefers, whatever it subscribed to. */
export interface Subscriber {
  destination: string;
  /** Null: the usual ones. */
  keywords: Keyword[] | null;
  /** Whether it hears of uploads that the person made. */
  ownUploads: boolean;
  /** Whether it hears of packages that the person maintains, without a subscription. */
  ownPackages: boolean;
  /** Maintained packages of which it does not want to hear. */
  declined: string[];
  /** Whether what the person did is told to the person. */
  ownActions: boolean;
  /** People (addresses) whose actions are not told. */
  mutedPeople: string[];
}

/** Of a destination that never said anything. */
export function newSubscriber(destination: string): Subscriber {
  return {
    destination,
    keywords: null,
    ownUploads: true,
    ownPackages: true,
    declined: [],
    ownActions: true,
    mutedPeople: [],
  };
}

/** In words: `bash, if suite = sid`. */
export function describeWanted({ kind, value, condition }: Wanted): Inline[] {
  const name: Inline = kind === "keyword" || kind === "suite" ? { code: value } : { strong: value };
  const what: Inline[] = kind === "package" ? [name] : [`${kind} `, name];
  if (kind !== "matching") return condition === "" ? what : [...what, ", if ", { code: condition }];
  return condition === ""
    ? ["everything meant for people"]
    : ["what matches ", { code: condition }];
}

import type { Understood } from "../../core/events/catalogue.ts";
import { emailOf } from "../../core/events/phrases.ts";
import { keywordOf, moduleOf } from "./keyword.ts";
import { NO_OWNERS, type Owners } from "./owners.ts";

export type Value = string | number | boolean;

/** What can be asked about an event. A field that it does not have has no values. */
export interface Facts {
  readonly tag: string;
  readonly audience: "people" | "noise";
  values(field: string): readonly Value[];
}

/** Elements of lists inside the data that are looked at. */
const MOST_VALUES = 1_000;
const VERSIONS = [
  "version",
  "version_new",
  "pkg_version",
  "package_version",
  "source_version",
  "version_src",
];

/** An event as rules see it. Nothing is worked out before it is asked for, nor twice. */
export class EventFacts implements Facts {
  readonly tag: string;
  readonly audience: "people" | "noise";
  readonly owners: Owners;
  readonly #data: unknown;
  readonly #understood: Understood;
  readonly #known = new Map<string, readonly Value[]>();

  /** @param owners who maintains the packages, as the archive says */
  constructor(tag: string, data: unknown, understood: Understood, owners: Owners = NO_OWNERS) {
    this.tag = tag;
    this.audience = understood.audience;
    this.owners = owners;
    this.#data = data;
    this.#understood = understood;
  }

  values(field: string): readonly Value[] {
    let values = this.#known.get(field);
    if (values === undefined) {
      values = field.startsWith("data.") ? pathValues(this.#data, field) : this.#subject(field);
      this.#known.set(field, values);
    }
    return values;
  }

  #subject(field: string): readonly Value[] {
    const { subject } = this.#understood;
    switch (field) {
      case "tag":
        return this.tag.startsWith("_lk.") ? [this.tag, this.tag.slice(4)] : [this.tag];
      case "module":
        return [moduleOf(this.tag)];
      case "keyword":
        return [keywordOf(this.tag, this.#data)];
      case "audience":
        return [this.audience];
      case "repository":
        return subject.repository === undefined ? [] : [subject.repository];
      case "suite":
        return subject.suites ?? [];
      case "package":
        return subject.packages ?? [];
      case "source":
        return this.owners.sources.length > 0
          ? this.owners.sources
          : (subject.packages ?? []).slice(0, 1);
      case "version":
        return VERSIONS.flatMap((name) => fieldValues(this.#data, name));
      case "architecture":
        return ["architecture", "architectures", "job_architecture"].flatMap((name) =>
          fieldValues(this.#data, name),
        );
      case "maintainer":
        return unique([
          ...this.owners.maintainers,
          ...this.#addresses("source_maintainer", "source_uploaders"),
        ]);
      case "uploader":
        return this.#addresses("uploader_email");
      case "person":
        return unique((subject.people ?? []).map((person) => person.toLowerCase()));
      default:
        return [];
    }
  }

  #addresses(...names: string[]): string[] {
    return names
      .flatMap((name) => fieldValues(this.#data, name))
      .flatMap((person) => emailOf(String(person))?.toLowerCase() ?? []);
  }
}

/** Adds what only holds for one destination. */
export function factsFor(facts: Facts, destination: string): Facts {
  return {
    tag: facts.tag,
    audience: facts.audience,
    values: (field) => (field === "destination" ? [destination] : facts.values(field)),
  };
}

const NOTHING: readonly Value[] = [];

/** A field of the data, as most are: a plain value, or a list of them. */
function fieldValues(data: unknown, name: string): readonly Value[] {
  if (!isRecord(data) || !Object.hasOwn(data, name)) return NOTHING;
  const value = data[name];
  if (isValue(value)) return [value];
  return Array.isArray(value) ? value.slice(0, MOST_VALUES).filter(isValue) : NOTHING;
}

/** All values at a path of names, through lists. */
function pathValues(data: unknown, path: string): readonly Value[] {
  let level: unknown[] = [data];
  for (const name of path.split(".").slice(1)) {
    level = level.flatMap((value) => {
      if (!isRecord(value) || !Object.hasOwn(value, name)) return [];
      const found = value[name];
      return Array.isArray(found) ? found.slice(0, MOST_VALUES) : [found];
    });
    if (level.length > MOST_VALUES) level.length = MOST_VALUES;
  }
  return level.filter(isValue);
}

function isValue(value: unknown): value is Value {
  return typeof value === "string" || typeof value === "boolean" || typeof value === "number";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

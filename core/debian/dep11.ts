import { FAILSAFE_SCHEMA, load, YAMLException } from "js-yaml";
import { z } from "zod";
import { OperatorError } from "../errors.ts";
import type { YamlDocument } from "./yaml-documents.ts";

/** What a catalogue says of itself in its first document. */
export interface Dep11Header {
  version: string;
  origin: string;
  /** Where pictures lie; the addresses in components begin there. */
  mediaBaseUrl: string | undefined;
  time: string | undefined;
}

/** Text by locale; `C` is the untranslated one. */
export type Localised = Record<string, string>;

export interface Dep11Picture {
  url: string;
  width: number | undefined;
  height: number | undefined;
}

export interface Dep11Icons {
  /** A name in the icon theme. */
  stock?: string;
  /** Names of files in the `icons-WIDTHxHEIGHT` archive. */
  cached: { name: string; width: number; height: number; scale: number }[];
  remote: (Dep11Picture & { scale: number })[];
}

export interface Dep11Screenshot {
  default: boolean;
  caption: Localised;
  source: Dep11Picture | undefined;
  thumbnails: Dep11Picture[];
}

/** A software component: an application, an addon, a font, a driver. */
export interface Dep11Component {
  id: string;
  type: string;
  /** Undefined for what is in no package, such as web applications. */
  package: string | undefined;
  name: Localised;
  summary: Localised;
  /** In the few elements of HTML that AppStream allows: not to be trusted as such. */
  description: Localised;
  keywords: Record<string, string[]>;
  developer: string | undefined;
  /** SPDX expression. */
  license: string | undefined;
  homepage: string | undefined;
  categories: string[];
  icons: Dep11Icons;
  screenshots: Dep11Screenshot[];
}

// All scalars are read as strings: an application may well be called 2048, or Yes.
const Text = z.string();
const Locales = z.record(Text, Text).catch({});
const Size = z.coerce.number().int().positive().optional().catch(undefined);
const Picture = z.object({ url: Text, width: Size, height: Size });
const list = <Item extends z.ZodType>(item: Item): z.ZodType<z.output<Item>[]> =>
  z
    .array(z.unknown())
    .catch([])
    .transform((all) => all.flatMap((one) => whenGood(item, one)));

function whenGood<Item extends z.ZodType>(item: Item, value: unknown): z.output<Item>[] {
  const result = item.safeParse(value);
  return result.success ? [result.data] : [];
}

const Cached = z.object({
  // A name, never a way out of the folder of icons.
  name: Text.regex(/^[^/\0]+$/).refine((name) => name !== "." && name !== ".."),
  width: z.coerce.number().int(),
  height: z.coerce.number().int(),
  scale: z.coerce.number().int().default(1),
});
const Remote = Picture.extend({ scale: z.coerce.number().int().default(1) });
const Icon = z
  .object({ stock: Text.optional(), cached: list(Cached), remote: list(Remote) })
  .catch({ cached: [], remote: [] });
const Screenshot = z.object({
  default: Text.optional(),
  caption: Locales,
  "source-image": Picture.optional().catch(undefined),
  thumbnails: list(Picture),
});

const Component = z.object({
  Type: Text.min(1),
  ID: Text.min(1).max(500),
  Package: Text.optional(),
  Name: z.record(Text, Text),
  Summary: Locales,
  Description: Locales,
  Keywords: z.record(Text, z.array(Text)).catch({}),
  // Older catalogues have a name by locale, newer ones an object.
  DeveloperName: Locales,
  Developer: z.object({ name: Locales }).optional().catch(undefined),
  ProjectLicense: Text.optional().catch(undefined),
  Url: Locales,
  Categories: list(Text),
  Icon,
  Screenshots: list(Screenshot),
});

const Header = z.object({
  File: z.literal("DEP-11"),
  Version: Text,
  Origin: Text.default(""),
  MediaBaseUrl: Text.regex(/^https?:\/\//)
    .optional()
    .catch(undefined),
  Time: Text.optional(),
});

/**
 * Reads the first document of a `Components-*.yml`
 * (https://wiki.debian.org/DEP-11, AppStream "Catalog YAML").
 *
 * @throws OperatorError `MALFORMED_YAML`, `MALFORMED_DEP11`, with file and line
 */
export function parseDep11Header(document: YamlDocument, file: string): Dep11Header {
  const { Version, Origin, MediaBaseUrl, Time } = read(Header, document, file);
  return { version: Version, origin: Origin, mediaBaseUrl: MediaBaseUrl, time: Time };
}

/**
 * Reads any further document. What must be there is refused when it is not; a broken icon or
 * picture is left out.
 *
 * @throws OperatorError `MALFORMED_YAML`, `MALFORMED_DEP11`, with file and line
 */
export function parseDep11Component(
  document: YamlDocument,
  file: string,
  header: Dep11Header,
): Dep11Component {
  const one = read(Component, document, file);
  function picture({ url, width, height }: z.output<typeof Picture>): Dep11Picture[] {
    const full = mediaUrl(url, header.mediaBaseUrl);
    return full === undefined ? [] : [{ url: full, width, height }];
  }
  return {
    id: one.ID,
    type: one.Type,
    package: one.Package,
    name: one.Name,
    summary: one.Summary,
    description: one.Description,
    keywords: one.Keywords,
    developer: one.Developer?.name["C"] ?? one.DeveloperName["C"],
    license: one.ProjectLicense,
    homepage: one.Url["homepage"],
    categories: one.Categories,
    icons: {
      ...(one.Icon.stock === undefined ? {} : { stock: one.Icon.stock }),
      cached: one.Icon.cached,
      remote: one.Icon.remote.flatMap((icon) =>
        picture(icon).map((found) => ({ ...found, scale: icon.scale })),
      ),
    },
    screenshots: one.Screenshots.map((shot) => ({
      default: shot.default === "true",
      caption: shot.caption,
      source: shot["source-image"] === undefined ? undefined : picture(shot["source-image"])[0],
      thumbnails: shot.thumbnails.flatMap(picture),
    })),
  };
}

/** The address of a picture in full; undefined for what is no address of the web. */
function mediaUrl(url: string, base: string | undefined): string | undefined {
  const full = /^https?:\/\//.test(url) || base === undefined ? url : `${base}/${url}`;
  return /^https?:\/\//.test(full) && URL.canParse(full) ? full : undefined;
}

function read<Schema extends z.ZodType>(
  schema: Schema,
  document: YamlDocument,
  file: string,
): z.output<Schema> {
  const value = loadYaml(document, file);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join(".") ?? "";
  throw new OperatorError(
    "MALFORMED_DEP11",
    `${file}, line ${document.line}: ${where || "the document"} is not as DEP-11 has it: ` +
      `${issue?.message ?? "unknown"}.`,
    MEND,
  );
}

const MEND = "Nothing of it was stored. Whoever publishes this file has to mend it.";

function loadYaml(document: YamlDocument, file: string): unknown {
  const text = document.bytes.toString("utf8");
  try {
    if (text.includes("\0")) throw new Error("there is a NUL byte");
    const value = load(text, { schema: FAILSAFE_SCHEMA });
    refuseRepetition(value);
    return value;
  } catch (thrown) {
    const error = thrown as Error;
    const within = thrown instanceof YAMLException ? (thrown.mark?.line ?? 0) : 0;
    const reason = thrown instanceof YAMLException ? thrown.reason : error.message;
    throw new OperatorError(
      "MALFORMED_YAML",
      `${file}, line ${document.line + within}: ${reason}.`,
      MEND,
      { cause: thrown },
    );
  }
}

const MOST_NODES = 200_000;

/** A few aliases of aliases make a small text an endless value, which only shows when written. */
function refuseRepetition(value: unknown): void {
  let nodes = 0;
  function count(node: unknown): void {
    if (++nodes > MOST_NODES) throw new Error("the document has too many values");
    if (typeof node === "object" && node !== null)
      for (const one of Object.values(node)) count(one);
  }
  count(value);
}

import picomatch from "picomatch";

/** What is looked for: files by their paths, or all files of a package. */
export type ContentsQuery = { paths: readonly string[] } | { package: string };

/** A file and the packages that have it. */
export interface ContentsEntry {
  /** Without the leading slash, as Contents has it. */
  path: string;
  packages: string[];
}

const NEWLINE = 0x0a;

/** Bytes that a line must hold, and whether a line that does is one that is looked for. */
interface Probe {
  needle: Buffer;
  matches(entry: ContentsEntry): boolean;
}

/**
 * Searches a Contents index: a line each of a path and, behind the last blanks of the line, the
 * packages that have it with their sections
 * (https://wiki.debian.org/DebianRepository/Format, "Contents indices").
 *
 * Only lines that hold the bytes looked for are taken apart, which is ten times as fast as taking
 * all apart, and only a chunk is in memory.
 */
export async function* searchContents(
  content: AsyncIterable<Buffer>,
  query: ContentsQuery,
): AsyncGenerator<ContentsEntry> {
  const probes = probesOf(query);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of content) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    yield* searchLines(Buffer.concat([rest, chunk.subarray(0, end)]), probes);
    rest = chunk.subarray(end);
  }
  yield* searchLines(rest, probes);
}

function* searchLines(lines: Buffer, probes: readonly Probe[]): Generator<ContentsEntry> {
  const seen = new Set<number>();
  for (const { needle, matches } of probes) {
    let at = lines.indexOf(needle);
    while (at >= 0) {
      const start = at === 0 ? 0 : lines.lastIndexOf(NEWLINE, at - 1) + 1;
      const newline = lines.indexOf(NEWLINE, at);
      const end = newline < 0 ? lines.length : newline;
      const entry = seen.has(start) ? undefined : parseLine(lines.toString("utf8", start, end));
      if (entry !== undefined && matches(entry)) {
        seen.add(start);
        yield entry;
      }
      at = newline < 0 ? -1 : lines.indexOf(needle, newline);
    }
  }
}

function parseLine(line: string): ContentsEntry | undefined {
  const [, path, list] = /^(.*\S)\s+(\S+)\s*$/.exec(line) ?? [];
  if (path === undefined || list === undefined) return undefined;
  // Elements are package, section/package or component/section/package.
  const packages = list.split(",").map((element) => element.replace(/^.*\//, ""));
  return { path, packages };
}

function probesOf(query: ContentsQuery): Probe[] {
  if ("package" in query) {
    const { package: name } = query;
    return [{ needle: Buffer.from(name), matches: ({ packages }) => packages.includes(name) }];
  }
  return query.paths.flatMap((path) => spellingsOf(path.replace(/^\/+/, ""))).map(probeOf);
}

function probeOf(path: string): Probe {
  if (!/[*?]/.test(path)) return { needle: Buffer.from(path), matches: (one) => one.path === path };
  const matches = picomatch(path, { dot: true, nobrace: true, noextglob: true, nobracket: true });
  // What the stars leave: a line must at least hold the longest piece.
  const [longest = ""] = path.split(/[*?]+/).toSorted((a, b) => b.length - a.length);
  return { needle: Buffer.from(longest), matches: (one) => matches(one.path) };
}

/** Packages of before and after the merge of /usr name the same file differently. */
function spellingsOf(path: string): string[] {
  if (/^usr\/(s?bin|lib[0-9a-z]*)\//.test(path)) return [path, path.slice("usr/".length)];
  if (/^(s?bin|lib[0-9a-z]*)\//.test(path)) return [path, `usr/${path}`];
  return [path];
}

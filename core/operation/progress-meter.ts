import type { Progress } from "./declare.ts";

/**
 * Counts what is done in several places at once, and reports the sum. Cheap to feed with every
 * chunk that is read: people hear of it ten times a second at most.
 */
export interface ProgressMeter {
  /** Says what goes on where nothing is counted: asking, waiting. */
  say(step: string): void;
  /**
   * Begins work that is counted in bytes, for instance `bookworm: reading`.
   *
   * @param total bytes of the whole, where it is known before its parts are
   */
  begin(step: string, total?: number): MeteredWork;
}

export interface MeteredWork {
  /** Begins a part of the work, for instance one file; several may be open at once. */
  part(name: string, total?: number): MeteredPart;
  /** Ends the work and what is open of it. */
  end(): void;
}

export interface MeteredPart {
  add(bytes: number, packages?: number): void;
  /** Begins the part anew, after a failure. */
  restart(): void;
  end(): void;
}

const INTERVAL_MS = 100;
/** More than this at once are counted, but not shown one by one. */
const MOST_PARTS = 8;
const MOST_PLACES = 3;

interface Part {
  name: string;
  total: number | undefined;
  done: number;
  packages: number;
  open: boolean;
}

interface Work {
  step: string;
  total: number | undefined;
  parts: Part[];
  open: boolean;
}

/** @param now milliseconds of a clock that never goes back */
export function createProgressMeter(
  report: (progress: Progress) => void,
  now: () => number = () => performance.now(),
): ProgressMeter {
  /** Everything begun since nothing was open, so that the sum only grows. */
  let works: Work[] = [];
  let reportedAt = -Infinity;

  function tell(atOnce: boolean): void {
    const time = now();
    if (!atOnce && time - reportedAt < INTERVAL_MS) return;
    reportedAt = time;
    report(sumOf(works));
  }

  function createPart(part: Part): MeteredPart {
    return {
      add(bytes, packages = 0) {
        part.done += bytes;
        part.packages += packages;
        tell(false);
      },
      restart() {
        part.done = 0;
        part.packages = 0;
        tell(false);
      },
      end() {
        part.open = false;
        tell(true);
      },
    };
  }

  return {
    say: (step) => report({ step }),
    begin(step, total) {
      if (!works.some((work) => work.open)) works = [];
      const work: Work = { step, total, parts: [], open: true };
      works.push(work);
      return {
        part(name, size) {
          const part: Part = { name, total: size, done: 0, packages: 0, open: true };
          work.parts.push(part);
          tell(true);
          return createPart(part);
        },
        end() {
          work.open = false;
          for (const part of work.parts) part.open = false;
        },
      };
    },
  };
}

function sumOf(works: readonly Work[]): Progress {
  const open = works.filter((work) => work.open);
  const total = sum(works.map(totalOf));
  const done = sum(works.map(doneOf)) ?? 0;
  const packages = sum(works.flatMap((work) => work.parts.map((part) => part.packages))) ?? 0;
  const parts = open.flatMap((work) =>
    work.parts
      .filter((part) => part.open)
      .map((part) => ({
        name: open.length === 1 ? part.name : `${work.step} ${part.name}`,
        done: part.done,
        ...(part.total === undefined ? {} : { total: part.total }),
      })),
  );
  return {
    step: stepOf(open.map((work) => work.step)),
    // What is fetched twice is not twice as much.
    done: total === undefined ? done : Math.min(done, total),
    ...(total === undefined ? {} : { total }),
    unit: "bytes",
    ...(packages > 0 ? { packages } : {}),
    ...(parts.length > 0 ? { parts: parts.slice(0, MOST_PARTS) } : {}),
  };
}

/** `bookworm: reading` for one; `bookworm, sid: reading, fetching` for several, not endless. */
function stepOf(steps: readonly string[]): string {
  const split = steps.map((step) => /^(?:(.*?): )?(.*)$/s.exec(step));
  const places = [...new Set(split.map((parts) => parts?.[1]))].filter((one) => one !== undefined);
  const what = [...new Set(split.map((parts) => parts?.[2] ?? ""))].join(", ");
  if (places.length === 0) return what;
  const more = places.length - MOST_PLACES;
  const shown = places.slice(0, MOST_PLACES).join(", ");
  return `${shown}${more > 0 ? ` and ${more} more` : ""}: ${what}`;
}

function totalOf(work: Work): number | undefined {
  return work.total ?? sum(work.parts.map((part) => part.total));
}

function doneOf(work: Work): number {
  const done = work.parts.map((part) => Math.min(part.done, part.total ?? Infinity));
  return sum(done) ?? 0;
}

/** Undefined when any of them is. */
function sum(numbers: readonly (number | undefined)[]): number | undefined {
  return numbers.reduce<number | undefined>(
    (all, one) => (all === undefined || one === undefined ? undefined : all + one),
    0,
  );
}

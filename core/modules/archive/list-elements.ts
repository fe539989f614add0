/** How the elements of a list are told apart. */
export type Separator =
  | "comma"
  | "blank"
  /** A comma behind `>`: the name before an address may hold one, the address cannot. */
  | "address";

/** Places of the elements of one list in a buffer: `starts[i]` to `ends[i]`. */
export interface Elements {
  starts: Int32Array;
  ends: Int32Array;
  count: number;
}

const MOST = 8192;
const SPACE = 0x20;
const COMMA = 0x2c;
const GREATER = 0x3e;

export function emptyElements(): Elements {
  return { starts: new Int32Array(MOST), ends: new Int32Array(MOST), count: 0 };
}

/**
 * Finds the elements of a list as people write it, without blanks around them and without empty
 * ones, and without making a string of any.
 *
 * @returns false when it takes strings to do it: an element holds a line break or several blanks
 *   in a row, or there are far too many
 */
export function findElements(
  elements: Elements,
  buffer: Buffer,
  start: number,
  end: number,
  separator: Separator,
): boolean {
  elements.count = 0;
  let from = start;
  /** The last byte that was no blank. */
  let before = 0;
  for (let at = start; at <= end; at++) {
    const byte = at === end ? COMMA : (buffer[at] ?? 0);
    const ends =
      at === end ||
      (separator === "blank"
        ? isBlank(byte)
        : byte === COMMA && (separator === "comma" || before === GREATER));
    if (!isBlank(byte)) before = byte;
    if (!ends) continue;
    if (!addElement(elements, buffer, from, at)) return false;
    from = at + 1;
  }
  return true;
}

function addElement(elements: Elements, buffer: Buffer, start: number, end: number): boolean {
  let first = start;
  let last = end;
  while (first < last && isBlank(buffer[first] ?? 0)) first++;
  while (last > first && isBlank(buffer[last - 1] ?? 0)) last--;
  if (first === last) return true;
  for (let at = first; at < last; at++) {
    const byte = buffer[at] ?? 0;
    if (isBlank(byte) && (byte !== SPACE || buffer[at + 1] === SPACE)) return false;
  }
  if (elements.count === MOST) return false;
  elements.starts[elements.count] = first;
  elements.ends[elements.count] = last;
  elements.count++;
  return true;
}

const BOUNDARIES: Record<Separator, RegExp> = {
  comma: /,/,
  blank: /\s+/,
  address: /(?<=>)\s*,/,
};

/** The elements as strings; line breaks and blanks in a row become one blank. */
export function splitList(text: string, separator: Separator): string[] {
  return text
    .split(BOUNDARIES[separator])
    .map((element) => element.replace(/\s+/g, " ").trim())
    .filter((element) => element !== "");
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x09 || byte === 0x0d;
}

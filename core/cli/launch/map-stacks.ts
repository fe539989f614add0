import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";

/** Its types leave out that it can be written as Node writes it. */
interface Frame extends NodeJS.CallSite {
  toString(): string;
}

/**
 * Makes stacks name the lines of the sources. Node can, but reads the whole map at the start.
 *
 * @param file a program with its map beside it, as FILE.map
 */
export function mapStacks(file: string): void {
  let map: SourceMap | undefined;

  function placeOf(frame: Frame): string {
    map ??= new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8")) as SourceMap["payload"]);
    const [line, column] = [frame.getLineNumber() ?? 1, frame.getColumnNumber() ?? 1];
    const entry = map.findEntry(line - 1, column - 1);
    if (!("originalSource" in entry)) return frame.toString();
    const name = frame.getFunctionName() ?? "<anonymous>";
    return `${name} (${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1})`;
  }

  Error.prepareStackTrace = (error, frames: Frame[]) => {
    const lines = frames.map((frame) =>
      frame.getFileName() === file ? placeOf(frame) : frame.toString(),
    );
    return [String(error), ...lines.map((line) => `    at ${line}`)].join("\n");
  };
}

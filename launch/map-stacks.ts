import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";

/**
 * Makes stacks name the lines of the sources. Node can, but reads the whole map at the start.
 *
 * @param file a program with its map beside it, as FILE.map
 */
export function mapStacks(file: string): void {
  let map: SourceMap | undefined;

  function placeOf(frame: NodeJS.CallSite): string {
    map ??= new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8")) as SourceMap["payload"]);
    const [line, column] = [frame.getLineNumber() ?? 1, frame.getColumnNumber() ?? 1];
    const entry = map.findEntry(line - 1, column - 1);
    if (!("originalSource" in entry)) return frame.toString();
    const name = frame.getFunctionName() ?? "<anonymous>";
    return `${name} (${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1})`;
  }

  Error.prepareStackTrace = (error, frames) => {
    const lines = frames.map((frame) =>
      frame.getFileName() === file ? placeOf(frame) : frame.toString(),
    );
    return [String(error), ...lines.map((line) => `    at ${line}`)].join("\n");
  };
}

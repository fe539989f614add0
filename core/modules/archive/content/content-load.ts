import type { ClientBase } from "pg";
import type { PlannedContent } from "./plan-content.ts";

/** A content file on its way into the database, in the transaction of the import. */
export interface ContentLoad {
  client: ClientBase;
  indexId: number;
  planned: PlannedContent;
  /** Where it came from, for errors. */
  name: string;
  /** Uncompressed. Not to be believed before its end. */
  content: AsyncIterable<Buffer>;
}

/** What a file held. */
export interface LoadedContent {
  entries: number;
  /** What it says of itself. */
  header?: object;
}

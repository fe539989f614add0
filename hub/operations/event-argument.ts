import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { database } from "../../core/database/connect.ts";
import { asError, OperatorError } from "../../core/errors.ts";
import type { OperationContext } from "../../core/operation/declare.ts";
import type { JournalledEvent } from "../routing/decision.ts";

/** How events are named. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MAX_FILE_BYTES = 1 << 20;

const WireEvent = z.looseObject({ tag: z.string(), uuid: z.string(), data: z.unknown() });

/**
 * The event that is meant: of the journal by its uuid, or at the command line in a file.
 *
 * @throws OperatorError `NO_EVENT`, `BAD_EVENT_FILE`
 */
export async function findEvent(
  text: string,
  { caller }: OperationContext,
): Promise<JournalledEvent> {
  if (UUID.test(text)) {
    const [row] = await database().query<JournalledEvent>(
      "select uuid, tag, data from event where uuid = $1",
      [text],
    );
    if (row !== undefined) return row;
    throw new OperatorError("NO_EVENT", `There is no event ${text} in the journal.`);
  }
  // From a room or over HTTP a file name would read files of the server.
  if (caller.origin === "cli") return readEventFile(text);
  throw new OperatorError(
    "NO_EVENT",
    `${JSON.stringify(text)} is not the uuid of an event.`,
    "Files can be tested at the command line: lk route test FILE",
    { exitStatus: 2 },
  );
}

function readEventFile(file: string): JournalledEvent {
  let value: unknown;
  try {
    if (statSync(file).size > MAX_FILE_BYTES) throw new Error("it is longer than a megabyte");
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (thrown) {
    throw new OperatorError(
      "BAD_EVENT_FILE",
      `Cannot read an event from ${file}: ${asError(thrown).message}.`,
      "The file must hold one event as it is on the wire, in JSON.",
      { cause: thrown },
    );
  }
  const parsed = WireEvent.safeParse(value);
  if (parsed.success) return parsed.data;
  const fault = parsed.error.issues[0];
  throw new OperatorError(
    "BAD_EVENT_FILE",
    `${file} holds no event: ${fault?.path.join(".")}: ${fault?.message}.`,
    "An event has at least tag, uuid and data.",
  );
}

import { database } from "../database/connect.ts";

/** A frame that was refused. */
export interface QuarantinedFrame {
  /** The endpoint it came in by. */
  source: string;
  /** The word of the refusal: `wrong-signature`. */
  code: string;
  /** The sentence for people. */
  reason: string;
  signer?: string | undefined;
  tag?: string | undefined;
  body: string;
}

/** No more of a refused frame is kept. */
const KEPT_CHARACTERS = 65_536;
/** Refused frames are kept for a look; a flood of them must not fill the disk. */
const KEPT_FRAMES = 10_000;

/** Keeps refused frames for operators to look at: the newest, in the running transaction. */
export async function quarantine(frames: readonly QuarantinedFrame[]): Promise<void> {
  if (frames.length === 0) return;
  await database().query(
    `insert into event_quarantine (source, code, reason, signer, tag, body)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])`,
    [
      frames.map((frame) => storable(frame.source)),
      frames.map((frame) => frame.code),
      frames.map((frame) => storable(frame.reason)),
      frames.map((frame) => (frame.signer === undefined ? null : storable(frame.signer))),
      frames.map((frame) => (frame.tag === undefined ? null : storable(frame.tag))),
      frames.map((frame) => storable(frame.body)),
    ],
  );
  await database().query(
    `delete from event_quarantine where id <=
       (select id from event_quarantine order by id desc offset $1 limit 1)`,
    [KEPT_FRAMES],
  );
}

/** PostgreSQL's text holds everything but U+0000. */
function storable(text: string): string {
  return text.slice(0, KEPT_CHARACTERS).replaceAll("\0", "\ufffd");
}

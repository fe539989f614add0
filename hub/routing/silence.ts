import { database } from "../../core/database/connect.ts";
import { compileExpression, type Predicate } from "./expression/compile.ts";
import { parseExpression } from "./expression/parse.ts";

/** What is not told for a while, by whose wish and why. */
export interface Silence {
  id: string;
  /** An expression; it may ask who would be told, as `destination`. */
  matcher: string;
  startsAt: Date;
  endsAt: Date;
  owner: string;
  comment: string;
}

/** One that can be asked. */
export interface CompiledSilence extends Silence {
  holds: Predicate;
}

const COLUMNS = `id, matcher, starts_at as "startsAt", ends_at as "endsAt", owner, comment`;

/**
 * Keeps from telling what a matcher says, until a moment.
 *
 * @throws OperatorError `BAD_EXPRESSION`
 */
export async function addSilence(silence: Omit<Silence, "id">): Promise<Silence> {
  parseExpression(silence.matcher);
  const [row] = await database().query<Silence>(
    `insert into silence (matcher, starts_at, ends_at, owner, comment)
     values ($1, $2, $3, $4, $5) returning ${COLUMNS}`,
    [silence.matcher, silence.startsAt, silence.endsAt, silence.owner, silence.comment],
  );
  if (row === undefined) throw new Error("a silence was not stored");
  return row;
}

/** Those that are not over yet; all there ever were with `ended`. */
export function listSilences(ended = false): Promise<Silence[]> {
  return database().query<Silence>(
    `select ${COLUMNS} from silence where $1 or ends_at > now() order by id`,
    [ended],
  );
}

/** Ends a silence now. @returns it, or undefined when there is none that lasts */
export async function endSilence(id: string): Promise<Silence | undefined> {
  const [row] = await database().query<Silence>(
    `update silence set ends_at = now(), starts_at = least(starts_at, now())
      where id = $1 and ends_at > now() returning ${COLUMNS}`,
    [id],
  );
  return row;
}

export function compileSilence(silence: Silence): CompiledSilence {
  return { ...silence, holds: compileExpression(parseExpression(silence.matcher)) };
}

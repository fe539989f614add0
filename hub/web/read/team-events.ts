import { database } from "../../../core/database/connect.ts";
import type { JournalEvent } from "./events.ts";
import { PACKAGE_MEMBERS } from "./event-filter.ts";

/** So many of the newest events are looked through: teams have too many packages for the index. */
const RECENT_EVENTS = 20_000;

/**
 * The newest events about packages of a team, newest first: those that it names, and those with one
 * of its addresses as Maintainer or Uploader in any suite.
 *
 * @returns undefined when there is no such team
 */
export async function teamEvents(slug: string, limit: number): Promise<JournalEvent[] | undefined> {
  const [team] = await database().query("select 1 from team where slug = $1", [slug]);
  if (team === undefined) return undefined;
  return database().query<JournalEvent>(
    `with wanted as materialized (
       select array(select unnest(packages) from team where slug = $1
              union select source.name from source_package source, team
                where team.slug = $1
                  and lower(source.maintainer || ', ' || array_to_string(source.uploaders, ', '))
                      like any (select '%<' || one || '>%' from unnest(team.addresses) as one)
              ) as names
     )
     select id, uuid, tag, time, received_at as "receivedAt", signer, origin, data
       from (select * from event order by id desc limit $2) nearest, wanted
      where exists (select 1 from unnest($3::text[]) as member
                     where nearest.data ->> member = any(names)
                        or (jsonb_typeof(nearest.data -> member) = 'array'
                            and nearest.data -> member ?| names))
      order by id desc limit $4`,
    [slug, RECENT_EVENTS, PACKAGE_MEMBERS, limit],
  );
}

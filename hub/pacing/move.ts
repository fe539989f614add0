import { database } from "../../core/database/connect.ts";

/** Lets what waits for one destination, and what it prefers, be another's; see `moveDestination`. */
export async function movePace(from: string, to: string): Promise<void> {
  await database().query(
    `insert into pace (destination) select unnest($1::text[]) order by 1 on conflict do nothing`,
    [[from, to]],
  );
  await database().query(
    "select from pace where destination = any($1) order by destination for update",
    [[from, to]],
  );
  await database().query(
    `update pace set (zone, quiet_from, quiet_to, digest_at, digest_after, budget_messages,
                      budget_seconds, set_by, set_at)
         = (select zone, quiet_from, quiet_to, digest_at, digest_after, budget_messages,
                   budget_seconds, set_by, set_at from pace old where old.destination = $1)
      where destination = $2 and set_at is null`,
    [from, to],
  );
  // What both wait for under one key is told in the new place together.
  await database().query(
    `update notice set destination = $2, bundle_id = coalesce(known.id, notice.bundle_id)
       from bundle moved
       left join bundle known on known.destination = $2 and known.key = moved.key
             and known.closed_at is null
      where notice.bundle_id = moved.id and moved.destination = $1 and notice.state = 'held'
        and not exists (select from notice there
                         where there.destination = $2 and there.event_id = notice.event_id)`,
    [from, to],
  );
  await database().query(
    `update notice set state = 'collapsed', note = 'told in ' || $2
       where destination = $1 and state = 'held'`,
    [from, to],
  );
  await database().query(
    `update bundle known
        set due_at = least(known.due_at, moved.due_at), waiting = known.waiting + moved.waiting
       from bundle moved
      where known.destination = $2 and known.closed_at is null and moved.destination = $1
        and moved.closed_at is null and moved.due_at is not null and known.key = moved.key`,
    [from, to],
  );
  await database().query(
    `update bundle set destination = $2 where destination = $1 and closed_at is null
        and due_at is not null and delivery_id is null
        and not exists (select from bundle known where known.destination = $2
                           and known.key = bundle.key and known.closed_at is null)`,
    [from, to],
  );
  await database().query(
    "update bundle set closed_at = now(), due_at = null where destination = $1 and closed_at is null",
    [from],
  );
}

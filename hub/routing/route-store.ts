import { database, inTransaction } from "../../core/database/connect.ts";
import { Route } from "../model/route.ts";
import type { Criteria } from "../operations/criteria.ts";

/** A rule to be stored. */
export interface NewRoute extends Criteria {
  destination: string;
  owner: string;
  createdBy: string;
}

/** Stores a rule, or finds the one that says the same. */
export async function addRoute(route: NewRoute): Promise<{ route: Route; isNew: boolean }> {
  const { destination, tags, repositories, suites, packages } = route;
  const said = [destination, tags, repositories, suites, packages];
  const fresh = await database().query<{ id: string }>(
    `insert into route (destination, tags, repositories, suites, packages, owner, created_by)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (destination, tags, repositories, suites, packages)
       do update set enabled = true where not route.enabled
     returning id`,
    [...said, route.owner, route.createdBy],
  );
  const [known] = await database().query<{ id: string }>(
    `select id from route where destination = $1 and tags = $2 and repositories = $3
        and suites = $4 and packages = $5`,
    said,
  );
  if (known === undefined) throw new Error("a route was stored and is gone again");
  const stored = await Route.findByPk(known.id, { rejectOnEmpty: true });
  return { route: stored, isNew: fresh.length > 0 };
}

/** What a destination follows, oldest first; all destinations without one. */
export function listRoutes(destination?: string): Promise<Route[]> {
  return Route.findAll({
    ...(destination === undefined ? {} : { where: { destination } }),
    order: [["id", "ASC"]],
  });
}

/** Lets what was meant for one destination go to another: its rules, and what still waits. */
export function moveDestination(from: string, to: string): Promise<void> {
  return inTransaction(async () => {
    // Where the new destination has the same rule already, the old one goes.
    await database().query(
      `delete from route gone using route kept
        where gone.destination = $1 and kept.destination = $2
          and (gone.tags, gone.repositories, gone.suites, gone.packages)
            = (kept.tags, kept.repositories, kept.suites, kept.packages)`,
      [from, to],
    );
    await database().query("update route set destination = $2 where destination = $1", [from, to]);
    // Edits stay: what they change is in the old place.
    await database().query(
      `update delivery waiting set destination = $2
        where destination = $1 and state = 'pending' and edits is null
          and (lease_until is null or lease_until < now())
          and not exists (select 1 from delivery told
                           where told.destination = $2 and told.event_id = waiting.event_id)`,
      [from, to],
    );
  });
}

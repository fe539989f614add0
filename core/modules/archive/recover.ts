import { database } from "../../database/connect.ts";
import { transactionClient } from "../../database/transaction.ts";
import {
  CLOCK_SECONDS,
  type RecoverySource,
  type RecoveryWindow,
  type UntoldEvent,
} from "../recovery.ts";
import { changesOf } from "./announce.ts";

interface Row {
  run: string;
  repo: string;
  suite: string;
  name: string;
  at: Date;
}

/** Changes of packages that stand in the journal of imports, whoever wrote them, without a word. */
export const archiveRecovery: RecoverySource = {
  name: "archive",
  summary: "packages that came, went or changed in a suite",
  tags: ["_lk.archive.package-changed"],
  async find({ from, until, limit }: RecoveryWindow): Promise<UntoldEvent[]> {
    const rows = await database().query<Row>(UNTOLD, [from, until, limit]);
    const found: UntoldEvent[] = [];
    for (const run of new Set(rows.map((row) => row.run))) {
      const own = rows.filter((row) => row.run === run);
      const names = own.map(({ name }) => name);
      const changes = await changesOf(transactionClient(), Number(run), names);
      const byName = new Map(changes.map((change) => [change.pkg_name, change]));
      for (const { repo, suite, name, at } of own) {
        const change = byName.get(name);
        if (change === undefined) continue;
        found.push({
          key: `package-changed/${repo}/${suite}/${run}/${name}`,
          tag: "_lk.archive.package-changed",
          data: { repo, suite, ...change },
          time: at,
        });
      }
    }
    return found;
  },
};

/**
 * A package is told when an event names it with versions of this change, for it may have changed
 * again since, or when one event tells of the whole run.
 */
const UNTOLD = `
  with told as materialized (
    select data ->> 'repo' as repo, data ->> 'suite' as suite, data ->> 'pkg_name' as name,
           coalesce(data ->> 'version_old', '') as version_old,
           coalesce(data ->> 'version_new', '') as version_new, received_at
      from event
     where received_at > $1::timestamptz - interval '${CLOCK_SECONDS} seconds'
       and tag = '_lk.archive.package-changed'
  ), summed as materialized (
    select data ->> 'run' as run, data ->> 'repo' as repo
      from event
     where received_at > $1::timestamptz - interval '${CLOCK_SECONDS} seconds'
       and tag = '_lk.archive.suite-changed'
  ), change as (
    select run_id, suite_id, source_name, max(changed_at) as at,
           array_agg(distinct coalesce(version_old, '')) as versions_old,
           array_agg(distinct coalesce(version_new, '')) as versions_new
      from archive_change
     where changed_at > $1 and changed_at <= $2
     group by run_id, suite_id, source_name
  )
  select run_id as run, repository.name as repo, suite.name as suite, source_name as name, at
    from change
    join suite on suite.id = suite_id
    join repository on repository.id = repository_id
   where not exists (
       select from summed where summed.run = run_id::text and summed.repo = repository.name)
     and not exists (
       select from told
        where told.name = source_name and told.suite = suite.name and told.repo = repository.name
          and told.received_at >= at - interval '${CLOCK_SECONDS} seconds'
          and told.version_old = any (versions_old) and told.version_new = any (versions_new))
   order by at, run_id, source_name limit $3`;

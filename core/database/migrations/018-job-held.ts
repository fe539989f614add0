import type { Migration } from "../migrate.ts";

/** The jobs that workers have, found without those that they had. */
export const migration: Migration = {
  name: "018-job-held",
  sql: `
-- Few rows, so leases are looked after in it too. The time of the lease is in no index any more:
-- each sign of life of a worker would otherwise write into all of them.
create index job_held on job (worker) where status in ('scheduled', 'running');
drop index job_lease;
alter table job set (fillfactor = 90);
`,
};

import type { Migration } from "../migrate.ts";

/** How far each source of events that can be found again was compared with the journal. */
export const migration: Migration = {
  name: "019-recovery",
  sql: `
-- Whoever compares holds the lock on the row, so that of several hubs one at a time does.
create table recovery (
  source text primary key,
  -- What came about before was compared, or came about before anybody looked.
  looked_until timestamptz not null default now(),
  -- Events that were told because of it, ever.
  recovered bigint not null default 0
);

-- Both tables grow at their end: these indexes cost next to nothing.
create index event_received on event using brin (received_at);
create index archive_change_at on archive_change using brin (changed_at);
create index job_finished on job (finished_at) where finished_at is not null;
`,
};

import type { Migration } from "../migrate.ts";

/** Lists of events still to be dealt with, in place of marks on each event. */
export const migration: Migration = {
  name: "021-event-list",
  sql: `
-- Events that are still to be routed, and those that may still ask for an operation. Narrow tables
-- of their own: a mark on the event would write its wide row and all its indexes again. A trigger
-- fills them, so that no way into the journal can forget it.
create table event_to_route (event_id bigint primary key)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
create table event_to_consider (event_id bigint primary key)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

insert into event_to_route select id from event where routed_at is null;
insert into event_to_consider select id from event where considered_at is null;
alter table event drop column routed_at, drop column considered_at;

create function event_listed() returns trigger language plpgsql as $$
begin
  insert into event_to_route select id from fresh;
  insert into event_to_consider select id from fresh;
  return null;
end $$;
create trigger event_listed after insert on event referencing new table as fresh
  for each statement execute function event_listed();

-- What became of each decision is told by what pacing keeps.
drop table decision;
`,
};

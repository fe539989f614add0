import type { Migration } from "../migrate.ts";

/** Uuids outlive their events, refusals say which kind they are, and Lighthouse keeps books. */
export const migration: Migration = {
  name: "011-trust",
  sql: `
-- Uuids of events that were deleted for their age: they are not accepted again. Events that are
-- there have theirs in the journal itself, so that taking one in costs nothing more.
create table event_seen (
  uuid uuid primary key,
  seen_at timestamptz not null
);
create index event_seen_age on event_seen (seen_at);

create function remember_deleted_events() returns trigger language plpgsql as $$
begin
  insert into event_seen (uuid, seen_at)
    select uuid, received_at from deleted where received_at > now() - interval '91 days'
    on conflict (uuid) do nothing;
  -- One day longer than events may be old, for clocks that differ.
  delete from event_seen where seen_at < now() - interval '91 days';
  return null;
end $$;
create trigger event_remembered after delete on event
  referencing old table as deleted for each statement execute function remember_deleted_events();

alter table event_quarantine add column code text not null default 'unknown';

-- Counts of frames submitted to Lighthouse by outcome, as intake_tally has of those heard.
create table submission_tally (
  outcome text primary key,
  count bigint not null default 0
);
`,
};

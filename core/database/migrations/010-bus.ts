import type { Migration } from "../migrate.ts";

/** A number for each event that Lighthouse publishes, and what was told of which Lighthouse. */
export const migration: Migration = {
  name: "010-bus",
  sql: `
-- The Lighthouse of this database, however many processes serve it. Made by the first of them.
create table lighthouse (
  only_one boolean primary key default true check (only_one),
  id uuid not null default gen_random_uuid(),
  -- The last number that was given.
  sequence bigint not null default 0,
  -- Up to this number everything was sent at least once.
  published bigint not null default 0,
  -- Of the texts of all events that ever got a number.
  bytes bigint not null default 0
);

-- Numbers without gaps, given under the lock on the row above in the order they are committed, so
-- that whoever reads on from a number misses nothing. A table of its own: an update of the event
-- would write all its indexes again. No foreign key either, for it would lock and so write each
-- event; events leave through expiry alone, which takes both rows.
create table event_number (
  sequence bigint primary key,
  event_id bigint not null unique,
  -- Grows with the number.
  numbered_at timestamptz not null default clock_timestamp(),
  -- lighthouse.bytes with this event: what is kept is as large as the difference of two of them.
  end_byte bigint not null
);

-- Events that wait for their number.
create table event_unnumbered (
  event_id bigint primary key
);

insert into event_unnumbered
  select id from event where published_at is null and origin <> 'bus';
insert into event_number (sequence, event_id, numbered_at, end_byte)
  select row_number() over (order by id), id, published_at,
         sum(octet_length(body)) over (order by id)
    from event where published_at is not null and origin <> 'bus';
insert into lighthouse (sequence, published, bytes)
  select count(*), count(*), max(end_byte) from event_number having count(*) > 0;
alter table event drop column published_at;

-- Up to which number of which Lighthouse a reader has heard everything, or knows what is gone.
create table bus_position (
  reader text not null,
  lighthouse uuid not null,
  sequence bigint not null,
  primary key (reader, lighthouse)
);

-- The Lighthouses that a reader listens to, and since when one is silent.
create table bus_source (
  reader text not null,
  endpoint text not null,
  lighthouse uuid,
  heard_at timestamptz,
  silent_since timestamptz,
  primary key (reader, endpoint)
);

create view event_unpublished as
  select event.id, event.uuid, event.received_at
    from event_unnumbered join event on event.id = event_id
  union all
  select event.id, event.uuid, event.received_at
    from event_number join event on event.id = event_id
   where sequence > (select published from lighthouse);

alter table event drop constraint event_origin_check;
alter table event add check (origin in ('local', 'submitted', 'bus', 'relayed'));

-- An expired event leaves what was told of it behind.
alter table delivery drop constraint delivery_event_id_fkey;
alter table delivery add foreign key (event_id) references event (id) on delete set null;
`,
};

import type { Migration } from "../migrate.ts";

/** Deliveries: what is unclear, each failed attempt; and what tells operators how the hub is. */
export const migration: Migration = {
  name: "024-delivery",
  sql: `
-- The earliest attempt of which nobody knows whether the other side took it.
alter table delivery add column unclear_since timestamptz;
update delivery set unclear_since = created_at
 where state in ('pending', 'dead') and attempts > 0;

create index delivery_retry on delivery (next_attempt_at) where state = 'pending' and attempts > 0;

-- Attempts that ended without arriving. One that is missing here ended with its process.
create table delivery_attempt (
  delivery_id uuid not null references delivery (id) on delete cascade,
  began_at timestamptz not null,
  ended_at timestamptz not null default now(),
  state text not null,
  reason text not null,
  primary key (delivery_id, began_at)
);

-- How each hub process finds what it stands on: bus, homeserver, mail server.
create table hub_health (
  hub text not null,
  part text not null,
  -- Null: it works.
  problem text,
  since timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  primary key (hub, part)
);

-- Counters of all hub processes that nothing else in the database holds.
create table hub_counter (
  name text not null,
  labels jsonb not null,
  value double precision not null,
  primary key (name, labels)
);

-- The last canary: an event that has to be seen where it was sent.
create table canary (
  only_one boolean primary key default true check (only_one),
  sent_at timestamptz not null
);

-- The newest canary that was seen, by destination.
create table canary_seen (
  destination text collate "C" primary key,
  event uuid not null,
  sent_at timestamptz not null,
  seen_at timestamptz not null
);
`,
};

import type { Migration } from "../migrate.ts";

/** When and in what company people are told: preferences, what waits, and what became of all of it. */
export const migration: Migration = {
  name: "022-pacing",
  sql: `
-- How a destination wants to be told, and how much it was told lately. Whoever paces for a
-- destination holds its row.
create table pace (
  destination text collate "C" primary key,
  -- What was asked for; null: the default of its kind.
  zone text,
  quiet_from text,
  quiet_to text,
  digest_at text[],
  digest_after integer,
  budget_messages integer,
  budget_seconds integer,
  set_by text,
  set_at timestamptz,
  -- What was left of the budget at that time; null: all of it.
  tokens real,
  tokens_at timestamptz
);

-- A message in the making: what waits for company, for a time of day or for calm.
create table bundle (
  id bigint generated always as identity primary key,
  destination text collate "C" not null,
  -- What belongs together: one open bundle for each destination and key.
  key text not null,
  kind text not null
    check (kind in ('group', 'digest', 'quiet', 'storm', 'stale', 'mail', 'flapping', 'reminder')),
  opened_at timestamptz not null,
  last_at timestamptz not null,
  -- Null: nothing waits; what is told already may still grow.
  due_at timestamptz,
  -- How many events wait in it, and since when.
  waiting integer not null default 0,
  waits_since timestamptz,
  -- Of a storm: what it is about, so that more of that joins it.
  topics text[] not null default '{}',
  -- Of a reminder: the event that began the state, and how often it is told again.
  event_id bigint,
  repeat_ms bigint,
  delivery_id uuid,
  told_at timestamptz,
  closed_at timestamptz
);
create unique index bundle_open on bundle (destination, key) where closed_at is null;
create index bundle_due on bundle (due_at) where closed_at is null and due_at is not null;
create index bundle_groups on bundle (destination, key, told_at) where kind = 'group';

-- What became of each event for each destination that routing decided on.
create table notice (
  event_id bigint not null references event (id) on delete cascade,
  destination text collate "C" not null,
  state text not null check (state in ('told', 'held', 'collapsed', 'suppressed', 'silent')),
  reasons text[] not null,
  -- The same for programs: what its reader can end.
  refs text[] not null,
  -- Who suppressed it, or what undid it.
  note text,
  bundle_id bigint,
  -- Of the message that tells it; edits of a message are told under the first.
  delivery_id uuid,
  tag text not null,
  place text not null default '',
  -- What later events continue: a cause or an object.
  thread text,
  object text,
  state_from text,
  state_to text,
  did text,
  -- How much people want to know it: the most important are named, the others counted.
  weight smallint not null default 0,
  decided_at timestamptz not null,
  primary key (event_id, destination)
);
create index notice_bundle on notice (bundle_id) where bundle_id is not null;
create index notice_delivery on notice (delivery_id) where delivery_id is not null;
create index notice_thread on notice (destination, thread, event_id) where thread is not null;
`,
};

import type { Migration } from "../migrate.ts";

/** What everything stands on: the event journal, operations, people's rights and the audit. */
export const migration: Migration = {
  name: "001-frame",
  sql: `
create table event (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  tag text not null,
  time timestamptz not null,
  received_at timestamptz not null default now(),
  signer text,
  origin text not null check (origin in ('local', 'submitted', 'bus')),
  -- The text as received or signed: jsonb would destroy the signed form.
  body text not null,
  data jsonb not null,
  published_at timestamptz,
  routed_at timestamptz,
  -- When the scheduler looked whether the event asks for an operation.
  considered_at timestamptz
);
create index event_unconsidered on event (id) where considered_at is null;
create index event_unpublished on event (id) where published_at is null;
create index event_unrouted on event (id) where routed_at is null;
create index event_tag on event (tag, id);

create table event_quarantine (
  id bigint generated always as identity primary key,
  received_at timestamptz not null default now(),
  source text not null,
  reason text not null,
  signer text,
  tag text,
  body text not null
);

create table operation (
  id uuid primary key default gen_random_uuid(),
  -- Short number that people type: cancel 12.
  number bigint generated always as identity unique,
  name text not null,
  parameters jsonb not null,
  dry_run boolean not null default false,
  caller text not null,
  caller_role text not null,
  origin text not null,
  -- Destination that hears of progress and end, and the inbox message that asked.
  room text,
  state text not null default 'queued'
    check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  locks text[] not null default '{}',
  attempts integer not null default 0,
  cancel_requested_by text,
  progress jsonb,
  answer jsonb,
  error jsonb,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  changed_at timestamptz not null default now()
);
create index operation_open on operation (created_at) where state in ('queued', 'running');
create index operation_recent on operation (created_at desc);

create table role_grant (
  id bigint generated always as identity primary key,
  -- Who: a Matrix id or a glob such as *:example.org.
  principal text not null,
  role text not null check (role in ('reader', 'operator', 'admin')),
  -- Where: a destination glob such as matrix:!room:server; * is everywhere.
  room text not null default '*',
  denied boolean not null default false,
  granted_by text not null,
  granted_at timestamptz not null default now(),
  unique (principal, role, room, denied)
);

create table audit (
  id bigint primary key,
  time timestamptz not null,
  caller text not null,
  origin text not null,
  room text,
  operation text not null,
  arguments jsonb not null,
  decision text not null,
  reason text not null,
  operation_id uuid,
  previous_hash text not null,
  hash text not null
);
`,
};

import type { Migration } from "../migrate.ts";

/** Mail that comes in, and what follows from it for addresses. */
export const migration: Migration = {
  name: "025-mail",
  sql: `
-- As the mail server handed it over, until somebody has dealt with it.
create table incoming_mail (
  id bigint generated always as identity primary key,
  recipient text not null,
  -- Of the envelope; "" for reports and other mail that must not be answered.
  sender text not null,
  source bytea not null,
  -- Of recipient and source: what a mail server hands over twice is one mail.
  digest text not null unique,
  received_at timestamptz not null default now(),
  attempts integer not null default 0,
  handled_at timestamptz,
  outcome text
);
create index incoming_mail_open on incoming_mail (id) where handled_at is null;
create index incoming_mail_received on incoming_mail (received_at);

-- One delivery counts once, however many reports come about it.
create table mail_bounce (
  delivery_id uuid primary key references delivery (id) on delete cascade,
  address text not null,
  -- hard: there is no such address (5.x.x). soft: it could not be reached, or did not want it.
  kind text not null check (kind in ('hard', 'soft')),
  status text not null,
  diagnostic text not null,
  bounced_at timestamptz not null default now()
);
create index mail_bounce_address on mail_bounce (address, bounced_at);

-- What was kept back, to be found again when its address works.
create index delivery_cancelled on delivery (destination, finished_at) where state = 'cancelled';

create table mail_suspension (
  address text primary key,
  reason text not null,
  suspended_at timestamptz not null default now()
);

-- What an address does not want: '*' for all mail, or one reason of the hub's own, as it names it.
create table mail_refusal (
  address text not null,
  what text not null,
  refused_at timestamptz not null default now(),
  primary key (address, what)
);

-- Commands that wait for their confirmation, and those that were done.
create table mail_command (
  id uuid primary key default gen_random_uuid(),
  address text not null,
  commands jsonb not null,
  -- Digest of a signed text, which counts once.
  signature text unique,
  created_at timestamptz not null default now(),
  done_at timestamptz
);

-- Answers to an address, to limit them.
create table mail_answer (
  address text not null,
  answered_at timestamptz not null default now()
);
create index mail_answer_address on mail_answer (address, answered_at);
`,
};

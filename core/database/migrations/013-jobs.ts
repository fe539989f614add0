import type { Migration } from "../migrate.ts";

/** What build workers are given: the jobs, and who works on them. */
export const migration: Migration = {
  name: "013-jobs",
  sql: `
create table worker (
  -- As it names itself: UUIDv5 of its name (core/modules/jobs/machine-id.ts).
  uuid uuid primary key,
  name text not null,
  owner text,
  -- Signer id of the key file whose CURVE key it connects with. This is who it is: the same id
  -- under two keys while one is being replaced is one worker.
  key_id text not null unique,
  -- The CURVE public key it used last, Z85.
  curve_key text,
  enabled boolean not null default true,
  accepts text[] not null default '{}',
  architectures text[] not null default '{}',
  -- Seconds between its signs of life during a job; null when it promised none.
  heartbeat integer check (heartbeat > 0),
  -- Jobs in a row that it gave back or lost; too many, and it is passed over for a while.
  failures integer not null default 0,
  paused_until timestamptz,
  created_at timestamptz not null default now(),
  last_ping timestamptz
);

create table job (
  uuid uuid primary key default gen_random_uuid(),
  -- Who wants it, in Laniakea's words: ariadne, isotope.
  module text not null,
  kind text not null,
  version text,
  -- 'all' goes to workers of the architecture that builds arch:all, 'any' to everybody.
  architecture text not null default 'any',
  repository text,
  suite text,
  -- What it is for: the source package or the image recipe.
  trigger uuid,
  data jsonb not null default '{}',
  package text generated always as (data ->> 'package_name') stored,
  status text not null default 'waiting'
    check (status in ('waiting', 'depwait', 'scheduled', 'running', 'done', 'terminated')),
  result text not null default 'unknown' check (result in (
    'unknown', 'success-pending', 'success', 'failure-dependency', 'failure-pending', 'failure')),
  -- Higher is sooner.
  priority integer not null default 0 check (priority between -20 and 20),
  created_at timestamptz not null default now(),
  -- Lowest goes first. A point of priority is worth twelve hours of waiting and arch:all counts as
  -- half a point, so that nothing is overtaken for ever and the order needs no recalculation.
  rank double precision not null generated always as (
    extract(epoch from (created_at - timestamptz '2000-01-01 00:00:00+00'))
      - 43200.0 * priority
      - case architecture when 'all' then 21600.0 else 0.0 end) stored,
  -- Not given out before: the pause after an attempt that came to nothing.
  ready_at timestamptz not null default now(),
  worker uuid references worker on delete set null,
  attempts integer not null default 0,
  -- Fencing token: grows with each assignment, so that an old one can be told from the current.
  fence bigint not null default 0,
  lease_until timestamptz,
  assigned_at timestamptz,
  finished_at timestamptz,
  -- The newest part of the log.
  log_excerpt text,
  -- Why it is where it is, for people: what ended it, what it waits for.
  reason text,
  check ((status in ('scheduled', 'running')) = (lease_until is not null)),
  check (status not in ('scheduled', 'running') or worker is not null)
);
-- What assignment reads: one short range for each kind and architecture.
create index job_waiting on job (kind, architecture, rank, uuid) where status = 'waiting';
create index job_lease on job (lease_until) where lease_until is not null;
create index job_worker on job (worker) where worker is not null;
create index job_package on job (package, created_at desc);
create index job_trigger on job (trigger, version, architecture);
create index job_created on job (created_at desc);

-- What the distribution decides about its jobs; one row.
create table job_policy (
  one boolean primary key default true check (one),
  indep_architecture text not null default 'amd64',
  max_attempts integer not null default 5 check (max_attempts between 1 and 100),
  -- How long a worker may be silent that promised no heartbeat.
  lease_minutes integer not null default 150 check (lease_minutes between 1 and 10080),
  -- When leases were last looked after: time in which nobody listened counts for no worker.
  watched_at timestamptz not null default now()
);
insert into job_policy default values;
`,
};

import type { Migration } from "../migrate.ts";

/** The conversation: what was said to us, and which message shows how an operation goes. */
export const migration: Migration = {
  name: "005-bot",
  sql: `
-- Said to us and nobody else, so that no "!lk" is needed: in a room for two, or by our name.
alter table incoming_message add column addressed boolean not null default false;

create table bot_progress (
  operation_id uuid primary key references operation (id) on delete cascade,
  -- The message that is edited.
  delivery_id uuid not null references delivery (id),
  posted_at timestamptz not null default now(),
  edited_at timestamptz,
  -- operation.changed_at of what the message says.
  shown_change timestamptz not null,
  -- Once the message says how it ended.
  finished_at timestamptz
);
create index bot_progress_open on bot_progress (operation_id) where finished_at is null;
`,
};

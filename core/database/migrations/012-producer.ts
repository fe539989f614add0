import type { Migration } from "../migrate.ts";

/** Events made here that have to go on to Lighthouses of other machines. */
export const migration: Migration = {
  name: "012-producer",
  sql: `
-- Written in the transaction of the event, and taken away once it is in the spool of a machine.
create table event_unforwarded (
  event_id bigint primary key references event on delete cascade
);
`,
};

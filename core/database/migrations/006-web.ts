import type { Migration } from "../migrate.ts";

/** What pages and metrics look for in a journal of millions. */
export const migration: Migration = {
  name: "006-web",
  sql: `
-- By anything that events name: package, suite, job, excuse. One hash for each value.
create index event_data on event using gin (data jsonb_path_ops);
create index event_origin on event (origin);
`,
};

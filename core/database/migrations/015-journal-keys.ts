import type { Migration } from "../migrate.ts";

/**
 * A row of the journal belongs to a run, and that to a suite: asking for the suite once more is a
 * tenth of what writing the journal of a large import costs.
 */
export const migration: Migration = {
  name: "015-journal-keys",
  sql: "alter table archive_change drop constraint archive_change_suite_id_fkey",
};

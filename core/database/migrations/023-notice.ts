import type { Migration } from "../migrate.ts";

/**
 * Notices are written for each event and destination: asking after the event each time, which is
 * there because it was just routed, took a third of that. They leave with their event (expire.ts).
 */
export const migration: Migration = {
  name: "023-notice",
  sql: "alter table notice drop constraint notice_event_id_fkey;",
};

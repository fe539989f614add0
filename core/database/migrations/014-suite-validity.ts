import type { Migration } from "../migrate.ts";

/** Whether a suite's Release may have expired, as apt's option Check-Valid-Until says. */
export const migration: Migration = {
  name: "014-suite-validity",
  sql: `
alter table suite add column check_valid_until boolean not null default true;
`,
};

import type { Migration } from "../migrate.ts";

/** The language that a destination is told in. */
export const migration: Migration = {
  name: "027-language",
  sql: `
-- Null: that of the configuration.
alter table pace add column language text;
`,
};

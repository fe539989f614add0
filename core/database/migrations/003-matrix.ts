import type { Migration } from "../migrate.ts";

/** What the Matrix session remembers between runs. */
export const migration: Migration = {
  name: "003-matrix",
  sql: `
create table matrix_state (
  -- The account, a space, and what is remembered: "@bot:example.org since".
  key text primary key,
  value text not null
);
`,
};

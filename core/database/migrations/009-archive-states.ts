import type { Migration } from "../migrate.ts";

/**
 * Makes the journal of archives complete: from one state of a suite and the journal, any other
 * state follows, exactly (core/modules/archive/net-change.ts).
 */
export const migration: Migration = {
  name: "009-archive-states",
  sql: `
alter table archive_change
  -- All versions of the package in its component and architecture, before and after. Null where
  -- version_old or version_new is all there is to say: one version, or none.
  add column versions_old text[],
  add column versions_new text[],
  -- Hashes of its stanzas, before and after; null where there was none.
  add column content_old bigint,
  add column content_new bigint;

alter table import_run
  -- Whether its rows in archive_change are still kept.
  add column journaled boolean not null default true;
`,
};

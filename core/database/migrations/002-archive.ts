import type { Migration } from "../migrate.ts";

/**
 * Archives: which there are, what their suites hold, and the journal of what changed.
 *
 * Package rows carry no foreign keys: checking two hundred thousand of them costs more than
 * parsing the indices. They are only ever written together with the row they belong to, in one
 * transaction (core/modules/archive/merge.ts), and deleted by core/model/archive-removal.ts.
 */
export const migration: Migration = {
  name: "002-archive",
  sql: `
create table repository (
  id integer generated always as identity primary key,
  name text not null unique,
  -- Base addresses, tried in order: http, https or file.
  mirrors text[] not null check (cardinality(mirrors) > 0),
  -- Path of the file with the keys that may sign it.
  keyring text not null
);

create table component (
  name text primary key,
  summary text
);

create table architecture (
  name text primary key,
  summary text
);

create table suite (
  id integer generated always as identity primary key,
  repository_id integer not null references repository,
  name text not null,
  alias text,
  summary text,
  -- What is imported of it besides Packages.
  sources boolean not null default true,
  udebs boolean not null default false,
  -- What its Release said at the last import.
  codename text,
  origin text,
  label text,
  version text,
  release_date timestamptz,
  imported_at timestamptz,
  checked_at timestamptz,
  failing_since timestamptz,
  failure text,
  unique (repository_id, name)
);
create index suite_name on suite (name);

create table suite_component (
  suite_id integer not null references suite on delete cascade,
  component text not null references component,
  primary key (suite_id, component)
);

create table suite_architecture (
  suite_id integer not null references suite on delete cascade,
  architecture text not null references architecture,
  primary key (suite_id, architecture)
);

-- The last InRelease, so that a mirror is asked for it only if it changed. It lies here and not in
-- a folder because several machines may import.
create table suite_release (
  suite_id integer primary key references suite on delete cascade,
  url text not null,
  etag text,
  last_modified text,
  content bytea not null
);

create table archive_index (
  id integer generated always as identity primary key,
  suite_id integer not null references suite on delete cascade,
  kind text not null check (kind in ('source', 'deb', 'udeb')),
  component text not null references component,
  -- 'source' for sources.
  architecture text not null,
  path text not null,
  -- Of the uncompressed index, whatever form was fetched; where the Release does not list that, of
  -- the best form it lists.
  sha256 text not null,
  size bigint not null,
  stanza_count integer not null,
  imported_at timestamptz not null default now(),
  unique (suite_id, kind, component, architecture)
);

create table source_package (
  -- Made by the importer: number of the run times 2^24, plus a count.
  id bigint primary key,
  index_id integer not null,
  stanza_hash bigint not null,
  name text collate "C" not null,
  version text not null,
  version_key text collate "C" not null,
  architectures text[] not null,
  binaries text[] not null,
  section text,
  priority text,
  format_version text,
  standards_version text,
  maintainer text,
  original_maintainer text,
  uploaders text[] not null,
  homepage text,
  vcs_browser text,
  vcs_git text,
  summary text,
  description text,
  testsuite text[] not null,
  testsuite_triggers text[] not null,
  build_depends text,
  build_depends_indep text,
  build_depends_arch text,
  build_conflicts text,
  build_conflicts_indep text,
  build_conflicts_arch text,
  directory text,
  -- The binaries it is expected to build, a line each, as written.
  package_list text,
  extra_source_only boolean not null,
  -- All other fields, as written.
  extra text,
  added_at timestamptz not null default now()
);
create index source_package_index on source_package (index_id, name);
create index source_package_name on source_package (name);

create table source_file (
  source_id bigint not null,
  name text collate "C" not null,
  size bigint not null,
  md5sum text,
  sha1 text,
  sha256 text,
  sha512 text,
  primary key (source_id, name)
);

create table binary_package (
  id bigint primary key,
  index_id integer not null,
  stanza_hash bigint not null,
  name text collate "C" not null,
  version text not null,
  version_key text collate "C" not null,
  architecture text not null,
  source_name text collate "C" not null,
  source_version text not null,
  section text,
  priority text,
  essential boolean not null,
  size_installed bigint,
  maintainer text,
  original_maintainer text,
  homepage text,
  multi_arch text,
  phased_update_percentage smallint,
  summary text,
  description text,
  description_md5 text,
  depends text,
  pre_depends text,
  recommends text,
  suggests text,
  enhances text,
  breaks text,
  conflicts text,
  replaces text,
  provides text,
  built_using text,
  static_built_using text,
  build_ids text[] not null,
  file_name text not null,
  size bigint not null,
  md5sum text,
  sha1 text,
  sha256 text,
  sha512 text,
  extra text,
  added_at timestamptz not null default now()
);
create index binary_package_index on binary_package (index_id, name);
create index binary_package_name on binary_package (name);
create index binary_package_source on binary_package (source_name);

create table import_run (
  id bigint generated always as identity primary key,
  suite_id integer not null references suite on delete cascade,
  started_at timestamptz not null,
  finished_at timestamptz not null default now(),
  outcome text not null check (outcome in ('done', 'failed')),
  error text,
  release_date timestamptz,
  indices integer not null default 0,
  -- Uncompressed bytes read.
  bytes bigint not null default 0,
  sources integer not null default 0,
  binaries integer not null default 0,
  changes integer not null default 0
);
create index import_run_suite on import_run (suite_id, id);

-- What each import added, changed and removed. The first import of a suite writes nothing here.
create table archive_change (
  id bigint generated always as identity primary key,
  run_id bigint not null references import_run on delete cascade,
  suite_id integer not null references suite on delete cascade,
  changed_at timestamptz not null default now(),
  type text not null check (type in ('source', 'deb', 'udeb')),
  name text collate "C" not null,
  source_name text collate "C" not null,
  component text not null,
  -- 'source' for sources.
  architecture text not null,
  -- changed: another stanza of the same version. removed with a version_new: that one stays.
  change text not null check (change in ('added', 'updated', 'changed', 'removed')),
  version_old text,
  version_new text
);
create index archive_change_run on archive_change (run_id);
create index archive_change_suite on archive_change (suite_id, id);
create index archive_change_name on archive_change (name, id);
create index archive_change_source on archive_change (source_name, id);
`,
};

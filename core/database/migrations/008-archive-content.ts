import type { Migration } from "../migrate.ts";

/**
 * What an archive has besides packages: descriptions that stand outside of Packages, and software
 * components (DEP-11) with their icons.
 *
 * As for packages, rows that come by the ten thousand carry no foreign key;
 * core/model/archive-removal.ts deletes them.
 */
export const migration: Migration = {
  name: "008-archive-content",
  sql: `
alter table suite
  -- Languages of descriptions; null means en where the archive has it.
  add column translations text[],
  add column dep11 boolean not null default false;

create table content_index (
  id integer generated always as identity primary key,
  suite_id integer not null references suite on delete cascade,
  kind text not null check (kind in ('translation', 'components', 'cids', 'icons')),
  component text not null references component,
  -- Of a translation its language, of icons their size, else the architecture.
  variant text not null,
  path text not null,
  -- As in archive_index.
  sha256 text not null,
  size bigint not null,
  entry_count integer not null,
  -- What shaped the reading besides the file; when it changes the file is read again.
  read_as text not null default '',
  -- What a file of components says of itself: its origin and where its media lie.
  header jsonb,
  imported_at timestamptz not null default now(),
  unique (suite_id, kind, component, variant)
);

-- Once for each language and text of a suite, however many packages and architectures have it.
create table package_description (
  index_id integer not null,
  -- Of the English description, as Description-md5 of a package says it.
  md5 text collate "C" not null,
  text_hash bigint not null,
  summary text not null,
  description text,
  primary key (index_id, md5)
);

create table software_component (
  id bigint generated always as identity primary key,
  index_id integer not null references content_index on delete cascade,
  -- Of the document: an unchanged one is not touched.
  document_hash bigint not null,
  component_id text collate "C" not null,
  type text not null,
  -- Null for what is in no package, such as web applications.
  package_name text collate "C",
  -- By locale: C, and the languages of the suite.
  name jsonb not null,
  summary jsonb not null,
  description jsonb not null,
  keywords jsonb not null,
  developer text,
  license text,
  homepage text,
  categories text[] not null,
  -- Names and sizes: stock, cached (in the icons of the archive), remote (addresses).
  icons jsonb not null,
  -- Addresses in full, with sizes and captions.
  screenshots jsonb not null,
  -- The document as it was published, in YAML.
  document text not null
);
create index software_component_index on software_component (index_id, document_hash);
create index software_component_id on software_component (component_id);
create index software_component_package on software_component (package_name);

-- Ids that stay the same while a component does, over suites and architectures.
create table software_cid (
  index_id integer not null references content_index on delete cascade,
  component_id text collate "C" not null,
  global_id text not null,
  primary key (index_id, component_id, global_id)
);

-- Pictures lie here and not in files, so that they change together with the suite, go with it,
-- and every machine that serves pages has them: 7 MB for a large suite.
create table software_icon (
  index_id integer not null references content_index on delete cascade,
  name text collate "C" not null,
  sha256 text not null,
  content bytea not null,
  primary key (index_id, name)
);
-- They are compressed already.
alter table software_icon alter column content set storage external;

-- The names in Provides, without their versions.
create function provided_names(provides text) returns text[]
  language sql immutable parallel safe strict
  return string_to_array(regexp_replace(provides, '\\s*(\\([^)]*\\)|:[a-z0-9-]+|\\s)+', '', 'g'), ',');
create index binary_package_provides on binary_package using gin (provided_names(provides))
  where provides is not null;
`,
};

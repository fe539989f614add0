"""Loads a Packages and a Sources index into PostgreSQL: python3-apt reads, COPY writes.

The plain script that a Debian developer would write in an afternoon: the fields that queries ask
for, sources with their files, indexes in place, no merge. Called with the folder of a suite and a
libpq connection string.
"""

import sys

import apt_pkg
import psycopg2

TEXT = ["Section", "Priority", "Maintainer", "Homepage"]
BINARY = TEXT + ["Depends", "Pre-Depends", "Recommends", "Suggests", "Enhances", "Breaks",
                 "Conflicts", "Replaces", "Provides", "Multi-Arch", "Description",
                 "Description-md5", "Filename", "SHA256"]
SOURCE = TEXT + ["Uploaders", "Binary", "Build-Depends", "Build-Depends-Indep",
                 "Build-Depends-Arch", "Standards-Version", "Format", "Directory", "Vcs-Browser",
                 "Vcs-Git", "Testsuite", "Package-List"]

SCHEMA = """
create table bench_source (id bigint primary key, name text, version text, {source});
create index on bench_source (name);
create table bench_file (source_id bigint, name text, size bigint, sha256 text,
                         primary key (source_id, name));
create table bench_binary (id bigint primary key, name text, version text, architecture text,
                           source text, size bigint, installed bigint, {binary});
create index on bench_binary (name);
create index on bench_binary (source);
"""


class Rows:
    """Rows in COPY's text format as a file that psycopg2 reads from."""

    def __init__(self, rows):
        self.rows = rows
        self.rest = ""

    def read(self, size):
        parts = [self.rest]
        length = len(self.rest)
        for row in self.rows:
            line = "\t".join(map(field, row)) + "\n"
            parts.append(line)
            length += len(line)
            if length >= size:
                break
        text = "".join(parts)
        self.rest = text[size:]
        return text[:size]


def field(value):
    if value is None:
        return "\\N"
    text = str(value)
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        text = (text.replace("\\", "\\\\").replace("\t", "\\t")
                .replace("\n", "\\n").replace("\r", "\\r"))
    return text


def sources(path, files):
    with apt_pkg.TagFile(path) as stanzas:
        for number, stanza in enumerate(stanzas):
            for line in stanza.get("Checksums-Sha256", "").split("\n"):
                parts = line.split()
                if len(parts) == 3:
                    files.append((number, parts[2], parts[1], parts[0]))
            yield [number, stanza["Package"], stanza["Version"]] + list(map(stanza.get, SOURCE))


def binaries(path):
    with apt_pkg.TagFile(path) as stanzas:
        for number, stanza in enumerate(stanzas):
            name = stanza["Package"]
            yield [number, name, stanza["Version"], stanza["Architecture"],
                   stanza.get("Source", name).split(" ")[0], stanza.get("Size"),
                   stanza.get("Installed-Size")] + list(map(stanza.get, BINARY))


def columns(fields):
    return ", ".join('"%s" text' % name for name in fields)


def main():
    apt_pkg.init()
    suite, database = sys.argv[1:]
    connection = psycopg2.connect(database)
    cursor = connection.cursor()
    cursor.execute(SCHEMA.format(source=columns(SOURCE), binary=columns(BINARY)))
    files = []
    path = suite + "/main/source/Sources.xz"
    cursor.copy_expert("copy bench_source from stdin", Rows(iter(sources(path, files))), 1 << 18)
    cursor.copy_expert("copy bench_file from stdin", Rows(iter(files)), 1 << 18)
    path = suite + "/main/binary-amd64/Packages.xz"
    cursor.copy_expert("copy bench_binary from stdin", Rows(iter(binaries(path))), 1 << 18)
    connection.commit()
    cursor.execute("select (select count(*) from bench_source) + (select count(*) from bench_binary)")
    print(cursor.fetchone()[0])


main()

import { open } from "node:fs/promises";
import { DataTypes, Sequelize } from "sequelize";
import pg from "pg";
import { createStanzaScanner } from "../../core/debian/deb822.ts";
import { fieldTable } from "../../core/debian/field-table.ts";
import { allFields } from "../../core/debian/stanza.ts";
import { decompress } from "../../core/modules/archive/decompress.ts";
import type { BenchServer } from "../server.ts";

/**
 * The pattern that Laniakea's importer has: an object and an INSERT for each package, all in one
 * transaction. Arguments: an index, how many packages of it, and the address of the database.
 */
const [file = "", wanted = "", address = "{}"] = process.argv.slice(2);
const { host, user, database } = JSON.parse(address) as BenchServer["address"];
const sequelize = new Sequelize({
  dialect: "postgres",
  dialectModule: pg,
  host,
  username: user,
  database,
  logging: false,
  define: { underscored: true, timestamps: false },
});
const TEXT = [
  ["name", "package"],
  ["version", "version"],
  ["architecture", "architecture"],
  ["section", "section"],
  ["priority", "priority"],
  ["maintainer", "maintainer"],
  ["homepage", "homepage"],
  ["depends", "depends"],
  ["preDepends", "pre-depends"],
  ["recommends", "recommends"],
  ["suggests", "suggests"],
  ["breaks", "breaks"],
  ["conflicts", "conflicts"],
  ["replaces", "replaces"],
  ["provides", "provides"],
  ["description", "description"],
  ["fileName", "filename"],
  ["sha256", "sha256"],
] as const;

const Package = sequelize.define("package", {
  ...Object.fromEntries(TEXT.map(([column]) => [column, DataTypes.TEXT])),
  size: DataTypes.BIGINT,
});
await Package.sync();
await sequelize.query("create index on packages (name)");

const packages: Record<string, unknown>[] = [];
const scanner = createStanzaScanner(file, fieldTable([]), (stanza) => {
  if (packages.length === Number(wanted)) return;
  const fields = allFields(stanza);
  const row = Object.fromEntries(
    TEXT.map(([column, field]) => [column, fields.get(field) ?? null]),
  );
  packages.push({ ...row, size: fields.get("size") ?? null });
});
const compressed = await open(file);
for await (const chunk of decompress(file, compressed, "xz")) {
  scanner.write(chunk);
  if (packages.length === Number(wanted)) break;
}
await compressed.close();
await sequelize.transaction(async (transaction) => {
  for (const row of packages) await Package.create(row, { transaction });
});
await sequelize.close();

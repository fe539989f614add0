import type { Sequelize } from "sequelize";
import { defineArchiveJournal } from "./archive-journal.ts";
import { associateArchivePackage, defineArchivePackage } from "./archive-package.ts";
import { associateArchiveSuite, defineArchiveSuite } from "./archive-suite.ts";

/** The tables of 002-archive. */
export function defineArchive(sequelize: Sequelize): void {
  defineArchiveSuite(sequelize);
  defineArchivePackage(sequelize);
  defineArchiveJournal(sequelize);
  associateArchiveSuite();
  associateArchivePackage();
}

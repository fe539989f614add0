import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";
import type { IndexKind } from "../debian/index-path.ts";

/** An import of a suite that changed something, or failed. */
export class ImportRun extends Model<
  InferAttributes<ImportRun>,
  InferCreationAttributes<ImportRun>
> {
  declare id: CreationOptional<string>;
  declare suiteId: number;
  declare startedAt: Date;
  declare finishedAt: CreationOptional<Date>;
  declare outcome: "done" | "failed";
  declare error: string | null;
  declare releaseDate: Date | null;
  declare indices: CreationOptional<number>;
  declare bytes: CreationOptional<string>;
  declare sources: CreationOptional<number>;
  declare binaries: CreationOptional<number>;
  declare changes: CreationOptional<number>;
  /** Whether what it changed is still kept. */
  declare journaled: CreationOptional<boolean>;
}

/** What an import changed: one package of one architecture in one suite. */
export class ArchiveChange extends Model<
  InferAttributes<ArchiveChange>,
  InferCreationAttributes<ArchiveChange>
> {
  declare id: CreationOptional<string>;
  declare runId: string;
  declare suiteId: number;
  declare changedAt: CreationOptional<Date>;
  declare type: IndexKind;
  declare name: string;
  declare sourceName: string;
  declare component: string;
  declare architecture: string;
  declare change: "added" | "updated" | "changed" | "removed";
  declare versionOld: string | null;
  declare versionNew: string | null;
  /** All versions before; null where `versionOld` says it all. */
  declare versionsOld: string[] | null;
  declare versionsNew: string[] | null;
  /** Of the stanzas before and after; null where there was none. */
  declare contentOld: string | null;
  declare contentNew: string | null;
}

export function defineArchiveJournal(sequelize: Sequelize): void {
  ImportRun.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
      suiteId: { type: DataTypes.INTEGER, allowNull: false },
      startedAt: { type: DataTypes.DATE, allowNull: false },
      finishedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
      outcome: { type: DataTypes.TEXT, allowNull: false },
      error: DataTypes.TEXT,
      releaseDate: DataTypes.DATE,
      indices: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      bytes: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      sources: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      binaries: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      changes: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      journaled: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
    },
    { sequelize, tableName: "import_run" },
  );
  ArchiveChange.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
      runId: { type: DataTypes.BIGINT, allowNull: false },
      suiteId: { type: DataTypes.INTEGER, allowNull: false },
      changedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
      type: { type: DataTypes.TEXT, allowNull: false },
      name: { type: DataTypes.TEXT, allowNull: false },
      sourceName: { type: DataTypes.TEXT, allowNull: false },
      component: { type: DataTypes.TEXT, allowNull: false },
      architecture: { type: DataTypes.TEXT, allowNull: false },
      change: { type: DataTypes.TEXT, allowNull: false },
      versionOld: DataTypes.TEXT,
      versionNew: DataTypes.TEXT,
      versionsOld: DataTypes.ARRAY(DataTypes.TEXT),
      versionsNew: DataTypes.ARRAY(DataTypes.TEXT),
      contentOld: DataTypes.BIGINT,
      contentNew: DataTypes.BIGINT,
    },
    { sequelize, tableName: "archive_change" },
  );
}

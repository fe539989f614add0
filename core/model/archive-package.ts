import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type NonAttribute,
  type Sequelize,
} from "sequelize";
import type { IndexKind } from "../debian/index-path.ts";

/** One index of a suite as it was last imported: Sources or Packages of one architecture. */
export class ArchiveIndex extends Model<
  InferAttributes<ArchiveIndex>,
  InferCreationAttributes<ArchiveIndex>
> {
  declare id: CreationOptional<number>;
  declare suiteId: number;
  declare kind: IndexKind;
  declare component: string;
  declare architecture: string;
  declare path: string;
  declare sha256: string;
  declare size: string;
  declare stanzaCount: number;
  declare importedAt: CreationOptional<Date>;
}

/** A stanza of a Sources index. */
export class SourcePackage extends Model<
  InferAttributes<SourcePackage>,
  InferCreationAttributes<SourcePackage>
> {
  declare id: string;
  declare indexId: number;
  declare stanzaHash: string;
  declare name: string;
  declare version: string;
  declare versionKey: string;
  declare architectures: string[];
  declare binaries: string[];
  declare section: string | null;
  declare priority: string | null;
  declare formatVersion: string | null;
  declare standardsVersion: string | null;
  declare maintainer: string | null;
  declare originalMaintainer: string | null;
  declare uploaders: string[];
  declare homepage: string | null;
  declare vcsBrowser: string | null;
  declare vcsGit: string | null;
  declare summary: string | null;
  declare description: string | null;
  declare testsuite: string[];
  declare testsuiteTriggers: string[];
  declare buildDepends: string | null;
  declare buildDependsIndep: string | null;
  declare buildDependsArch: string | null;
  declare buildConflicts: string | null;
  declare buildConflictsIndep: string | null;
  declare buildConflictsArch: string | null;
  declare directory: string | null;
  declare packageList: string | null;
  declare extraSourceOnly: boolean;
  declare extra: string | null;
  declare addedAt: CreationOptional<Date>;
  declare index?: NonAttribute<ArchiveIndex>;
  declare files?: NonAttribute<SourceFile[]>;
}

/** A file of a source package. */
export class SourceFile extends Model<
  InferAttributes<SourceFile>,
  InferCreationAttributes<SourceFile>
> {
  declare sourceId: string;
  declare name: string;
  declare size: string;
  declare md5sum: string | null;
  declare sha1: string | null;
  declare sha256: string | null;
  declare sha512: string | null;
}

/** A stanza of a Packages index; packages for all stand once in each index that lists them. */
export class BinaryPackage extends Model<
  InferAttributes<BinaryPackage>,
  InferCreationAttributes<BinaryPackage>
> {
  declare id: string;
  declare indexId: number;
  declare stanzaHash: string;
  declare name: string;
  declare version: string;
  declare versionKey: string;
  declare architecture: string;
  declare sourceName: string;
  declare sourceVersion: string;
  declare section: string | null;
  declare priority: string | null;
  declare essential: boolean;
  declare sizeInstalled: string | null;
  declare maintainer: string | null;
  declare originalMaintainer: string | null;
  declare homepage: string | null;
  declare multiArch: string | null;
  declare phasedUpdatePercentage: number | null;
  declare summary: string | null;
  declare description: string | null;
  declare descriptionMd5: string | null;
  declare depends: string | null;
  declare preDepends: string | null;
  declare recommends: string | null;
  declare suggests: string | null;
  declare enhances: string | null;
  declare breaks: string | null;
  declare conflicts: string | null;
  declare replaces: string | null;
  declare provides: string | null;
  declare builtUsing: string | null;
  declare staticBuiltUsing: string | null;
  declare buildIds: string[];
  declare fileName: string;
  declare size: string;
  declare md5sum: string | null;
  declare sha1: string | null;
  declare sha256: string | null;
  declare sha512: string | null;
  declare extra: string | null;
  declare addedAt: CreationOptional<Date>;
  declare index?: NonAttribute<ArchiveIndex>;
}

export function defineArchivePackage(sequelize: Sequelize): void {
  ArchiveIndex.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      suiteId: { type: DataTypes.INTEGER, allowNull: false },
      kind: { type: DataTypes.TEXT, allowNull: false },
      component: { type: DataTypes.TEXT, allowNull: false },
      architecture: { type: DataTypes.TEXT, allowNull: false },
      path: { type: DataTypes.TEXT, allowNull: false },
      sha256: { type: DataTypes.TEXT, allowNull: false },
      size: { type: DataTypes.BIGINT, allowNull: false },
      stanzaCount: { type: DataTypes.INTEGER, allowNull: false },
      importedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
    },
    { sequelize, tableName: "archive_index" },
  );
  SourcePackage.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true },
      indexId: { type: DataTypes.INTEGER, allowNull: false },
      stanzaHash: { type: DataTypes.BIGINT, allowNull: false },
      name: { type: DataTypes.TEXT, allowNull: false },
      version: { type: DataTypes.TEXT, allowNull: false },
      versionKey: { type: DataTypes.TEXT, allowNull: false },
      architectures: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
      binaries: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
      section: DataTypes.TEXT,
      priority: DataTypes.TEXT,
      formatVersion: DataTypes.TEXT,
      standardsVersion: DataTypes.TEXT,
      maintainer: DataTypes.TEXT,
      originalMaintainer: DataTypes.TEXT,
      uploaders: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
      homepage: DataTypes.TEXT,
      vcsBrowser: DataTypes.TEXT,
      vcsGit: DataTypes.TEXT,
      summary: DataTypes.TEXT,
      description: DataTypes.TEXT,
      testsuite: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
      testsuiteTriggers: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
      buildDepends: DataTypes.TEXT,
      buildDependsIndep: DataTypes.TEXT,
      buildDependsArch: DataTypes.TEXT,
      buildConflicts: DataTypes.TEXT,
      buildConflictsIndep: DataTypes.TEXT,
      buildConflictsArch: DataTypes.TEXT,
      directory: DataTypes.TEXT,
      packageList: DataTypes.TEXT,
      extraSourceOnly: { type: DataTypes.BOOLEAN, allowNull: false },
      extra: DataTypes.TEXT,
      addedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
    },
    { sequelize, tableName: "source_package" },
  );
  SourceFile.init(
    {
      sourceId: { type: DataTypes.BIGINT, primaryKey: true },
      name: { type: DataTypes.TEXT, primaryKey: true },
      size: { type: DataTypes.BIGINT, allowNull: false },
      md5sum: DataTypes.TEXT,
      sha1: DataTypes.TEXT,
      sha256: DataTypes.TEXT,
      sha512: DataTypes.TEXT,
    },
    { sequelize, tableName: "source_file" },
  );
  BinaryPackage.init(
    {
      id: { type: DataTypes.BIGINT, primaryKey: true },
      indexId: { type: DataTypes.INTEGER, allowNull: false },
      stanzaHash: { type: DataTypes.BIGINT, allowNull: false },
      name: { type: DataTypes.TEXT, allowNull: false },
      version: { type: DataTypes.TEXT, allowNull: false },
      versionKey: { type: DataTypes.TEXT, allowNull: false },
      architecture: { type: DataTypes.TEXT, allowNull: false },
      sourceName: { type: DataTypes.TEXT, allowNull: false },
      sourceVersion: { type: DataTypes.TEXT, allowNull: false },
      section: DataTypes.TEXT,
      priority: DataTypes.TEXT,
      essential: { type: DataTypes.BOOLEAN, allowNull: false },
      sizeInstalled: DataTypes.BIGINT,
      maintainer: DataTypes.TEXT,
      originalMaintainer: DataTypes.TEXT,
      homepage: DataTypes.TEXT,
      multiArch: DataTypes.TEXT,
      phasedUpdatePercentage: DataTypes.SMALLINT,
      summary: DataTypes.TEXT,
      description: DataTypes.TEXT,
      descriptionMd5: DataTypes.TEXT,
      depends: DataTypes.TEXT,
      preDepends: DataTypes.TEXT,
      recommends: DataTypes.TEXT,
      suggests: DataTypes.TEXT,
      enhances: DataTypes.TEXT,
      breaks: DataTypes.TEXT,
      conflicts: DataTypes.TEXT,
      replaces: DataTypes.TEXT,
      provides: DataTypes.TEXT,
      builtUsing: DataTypes.TEXT,
      staticBuiltUsing: DataTypes.TEXT,
      buildIds: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
      fileName: { type: DataTypes.TEXT, allowNull: false },
      size: { type: DataTypes.BIGINT, allowNull: false },
      md5sum: DataTypes.TEXT,
      sha1: DataTypes.TEXT,
      sha256: DataTypes.TEXT,
      sha512: DataTypes.TEXT,
      extra: DataTypes.TEXT,
      addedAt: { type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW },
    },
    { sequelize, tableName: "binary_package" },
  );
}

export function associateArchivePackage(): void {
  ArchiveIndex.hasMany(SourcePackage, { as: "sources", foreignKey: "indexId" });
  ArchiveIndex.hasMany(BinaryPackage, { as: "binaries", foreignKey: "indexId" });
  SourcePackage.belongsTo(ArchiveIndex, { as: "index", foreignKey: "indexId" });
  SourcePackage.hasMany(SourceFile, { as: "files", foreignKey: "sourceId" });
  BinaryPackage.belongsTo(ArchiveIndex, { as: "index", foreignKey: "indexId" });
}

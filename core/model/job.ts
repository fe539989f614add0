import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type Sequelize,
} from "sequelize";

/** Laniakea's words; its UNKNOWN and STARVING are set by nothing and left out. */
export const JOB_STATUSES = [
  "waiting",
  "depwait",
  "scheduled",
  "running",
  "done",
  "terminated",
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** The pending ones are a worker's word; what it uploads makes them final. */
export type JobResult =
  | "unknown"
  | "success-pending"
  | "success"
  | "failure-dependency"
  | "failure-pending"
  | "failure";

/** Something that a worker does: a package or an image to build. */
export class Job extends Model<InferAttributes<Job>, InferCreationAttributes<Job>> {
  declare uuid: CreationOptional<string>;
  /** Who wants it: ariadne, isotope. */
  declare module: string;
  /** package-build, os-image-build. */
  declare kind: string;
  declare version: string | null;
  declare architecture: string;
  declare repository: string | null;
  declare suite: string | null;
  /** The source package or image recipe it is for. */
  declare trigger: string | null;
  /** What the worker is told beyond that, as on the wire. */
  declare data: Record<string, unknown>;
  declare readonly package: CreationOptional<string | null>;
  declare status: CreationOptional<JobStatus>;
  declare result: CreationOptional<JobResult>;
  /** Higher is sooner. */
  declare priority: CreationOptional<number>;
  declare createdAt: CreationOptional<Date>;
  declare readyAt: CreationOptional<Date>;
  declare worker: string | null;
  declare attempts: CreationOptional<number>;
  /** Grows with each assignment. */
  declare fence: CreationOptional<string>;
  declare leaseUntil: Date | null;
  declare assignedAt: Date | null;
  declare finishedAt: Date | null;
  declare logExcerpt: string | null;
  declare reason: string | null;
}

/** A machine that works on jobs: a Spark in Laniakea's words. */
export class Worker extends Model<InferAttributes<Worker>, InferCreationAttributes<Worker>> {
  declare uuid: string;
  declare name: string;
  declare owner: string | null;
  /** Signer id of the key file with its CURVE key: who it is. */
  declare keyId: string;
  declare curveKey: string | null;
  declare enabled: CreationOptional<boolean>;
  declare accepts: CreationOptional<string[]>;
  declare architectures: CreationOptional<string[]>;
  /** Seconds between its signs of life during a job; null when it promised none. */
  declare heartbeat: number | null;
  declare failures: CreationOptional<number>;
  declare pausedUntil: Date | null;
  declare createdAt: CreationOptional<Date>;
  declare lastPing: Date | null;
}

export function defineJob(sequelize: Sequelize): void {
  // Functions, because Sequelize writes into what it is given.
  const texts = () => {
    return { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false, defaultValue: [] };
  };
  const count = () => ({ type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 });
  const now = () => ({ type: DataTypes.DATE, allowNull: false, defaultValue: DataTypes.NOW });
  const words = (defaultValue: string) => {
    return { type: DataTypes.TEXT, allowNull: false, defaultValue };
  };
  Job.init(
    {
      uuid: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
      module: { type: DataTypes.TEXT, allowNull: false },
      kind: { type: DataTypes.TEXT, allowNull: false },
      version: DataTypes.TEXT,
      architecture: words("any"),
      repository: DataTypes.TEXT,
      suite: DataTypes.TEXT,
      trigger: DataTypes.UUID,
      data: { type: DataTypes.JSONB, allowNull: false, defaultValue: {} },
      package: DataTypes.TEXT,
      status: words("waiting"),
      result: words("unknown"),
      priority: count(),
      createdAt: now(),
      readyAt: now(),
      worker: DataTypes.UUID,
      attempts: count(),
      fence: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      leaseUntil: DataTypes.DATE,
      assignedAt: DataTypes.DATE,
      finishedAt: DataTypes.DATE,
      logExcerpt: DataTypes.TEXT,
      reason: DataTypes.TEXT,
    },
    { sequelize, tableName: "job" },
  );
  Worker.init(
    {
      uuid: { type: DataTypes.UUID, primaryKey: true },
      name: { type: DataTypes.TEXT, allowNull: false },
      owner: DataTypes.TEXT,
      keyId: { type: DataTypes.TEXT, allowNull: false },
      curveKey: DataTypes.TEXT,
      enabled: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      accepts: texts(),
      architectures: texts(),
      heartbeat: DataTypes.INTEGER,
      failures: count(),
      pausedUntil: DataTypes.DATE,
      createdAt: now(),
      lastPing: DataTypes.DATE,
    },
    { sequelize, tableName: "worker" },
  );
}

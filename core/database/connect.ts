import pg from "pg";
import { Sequelize } from "sequelize";
import { asError, OperatorError } from "../errors.ts";
import { defineModels } from "../model/index.ts";
import { explainFullDisk } from "./disk-full.ts";
import { migrate } from "./migrate.ts";
import { currentTransaction, installTransactions, transactionClient } from "./transaction.ts";

/** How to reach PostgreSQL: as node-postgres takes it, a URL or a socket directory. */
export interface DatabaseAddress {
  url?: string;
  /** Directory of the Unix socket; used instead of a url. */
  socketDirectory?: string;
  user?: string;
  password?: string | undefined;
  database?: string;
  pool?: number;
}

/** The one database. Models are static classes; this holds the pool and raw access. */
export interface Database {
  sequelize: Sequelize;
  /** Runs SQL with $1-style parameters, in the running transaction when there is one. */
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** As `query`, for SQL that is run often: parsed and planned once for each connection. */
  prepared<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** A connection of one's own, for LISTEN and session locks. The caller ends it. */
  client(): Promise<pg.Client>;
  close(): Promise<void>;
}

let open: Database | undefined;

/** The open database. @throws Error before `connect`. */
export function database(): Database {
  if (open === undefined) throw new Error("the database is not connected yet");
  return open;
}

/**
 * Runs work in one transaction: everything awaited inside joins it (models, `query`,
 * `transactionClient`), and it is committed when work resolves, rolled back when it throws. Inside
 * another one it simply joins.
 *
 * @throws what work throws; OperatorError `DATABASE_FULL` when the server has no room for it
 */
export function inTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
  if (currentTransaction() !== undefined) return work();
  return database()
    .sequelize.transaction(() => work())
    .catch((thrown: unknown) => {
      throw explainFullDisk(thrown);
    });
}

/**
 * Connects, brings the schema up to date and defines the models.
 *
 * @throws OperatorError when the server cannot be reached or is newer than this program
 */
export async function connect(address: DatabaseAddress): Promise<Database> {
  installTransactions();
  const options = clientOptions(address);
  const sequelize = new Sequelize({
    dialect: "postgres",
    dialectModule: pg,
    ...sequelizeAddress(address),
    logging: false,
    pool: { max: address.pool ?? 8, idle: 10_000, acquire: 30_000 },
    define: { underscored: true, timestamps: false, freezeTableName: true },
  });
  try {
    await sequelize.authenticate();
  } catch (thrown) {
    await sequelize.close();
    throw new OperatorError(
      "DATABASE_UNREACHABLE",
      `Cannot connect to the database: ${asError(thrown).message}.`,
      'Check database.url in config.toml, or leave it at "embedded".',
      { cause: thrown },
    );
  }
  defineModels(sequelize);
  open = {
    sequelize,
    query: (text, values = []) => query(sequelize, { text, values }),
    prepared: (text, values = []) => query(sequelize, { name: statementName(text), text, values }),
    client: () => newClient(options),
    close: async () => {
      open = undefined;
      await sequelize.close();
    },
  };
  await migrate(open);
  return open;
}

async function query<Row>(sequelize: Sequelize, statement: pg.QueryConfig): Promise<Row[]> {
  if (currentTransaction() !== undefined) {
    return (await transactionClient().query(statement)).rows as Row[];
  }
  // Straight from the pool: Sequelize's own query() would rewrite "$" inside the SQL.
  const pool = sequelize.connectionManager as unknown as {
    getConnection(): Promise<pg.Client>;
    releaseConnection(client: pg.Client): void;
  };
  const client = await pool.getConnection();
  try {
    return (await client.query(statement)).rows as Row[];
  } finally {
    pool.releaseConnection(client);
  }
}

const statementNames = new Map<string, string>();

/** The same for the same text, on every connection of this process. */
function statementName(text: string): string {
  const name = statementNames.get(text) ?? `lk_${statementNames.size + 1}`;
  statementNames.set(text, name);
  return name;
}

async function newClient(options: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(options);
  await client.connect();
  return client;
}

function clientOptions(address: DatabaseAddress): pg.ClientConfig {
  if (address.url !== undefined) {
    return {
      connectionString: address.url,
      ...(address.password === undefined ? {} : { password: address.password }),
    };
  }
  return {
    host: address.socketDirectory ?? "/run/postgresql",
    user: address.user ?? "laniakea",
    database: address.database ?? "laniakea",
  };
}

function sequelizeAddress(address: DatabaseAddress): Record<string, unknown> {
  if (address.url === undefined) {
    return {
      host: address.socketDirectory,
      username: address.user ?? "laniakea",
      database: address.database ?? "laniakea",
    };
  }
  const url = new URL(address.url);
  const socket = url.searchParams.get("host");
  return {
    host: socket ?? (url.hostname === "" ? "localhost" : decodeURIComponent(url.hostname)),
    port: url.port === "" ? 5432 : Number(url.port),
    username: decodeURIComponent(url.username),
    password: address.password ?? decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    ...(url.searchParams.get("sslmode") === "require" ? { dialectOptions: { ssl: true } } : {}),
  };
}

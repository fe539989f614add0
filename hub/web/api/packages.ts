import { z } from "zod";
import {
  changesOfPackage,
  packageNames,
  packageVersions,
} from "../../../core/modules/archive/read.ts";
import { notFound } from "../failure.ts";
import { declareRoute } from "./route.ts";

const MOST_NAMES = 100;
const CHANGES = 50;
const Kind = z.enum(["source", "deb", "udeb"]);

export const listPackagesRoute = declareRoute({
  path: "/packages",
  method: "get",
  summary: "Names of source and binary packages that begin with a text",
  query: z.object({
    prefix: z.string().max(255).default("").meta({ description: "how the names begin" }),
    limit: z.coerce.number().int().min(1).max(MOST_NAMES).default(MOST_NAMES),
  }),
  replies: { 200: z.object({ items: z.array(z.string()) }) },
  async answer(_web, { query }) {
    return { body: { items: await packageNames(query.prefix, query.limit) } };
  },
});

const VersionJson = z.object({
  repository: z.string(),
  suite: z.string(),
  type: Kind,
  version: z.string(),
  component: z.string(),
  architectures: z.array(z.string()),
  source: z.string(),
  since: z.iso.datetime(),
});
const ChangeJson = z.object({
  time: z.iso.datetime(),
  repository: z.string(),
  suite: z.string(),
  type: Kind,
  name: z.string(),
  source: z.string(),
  architecture: z.string(),
  change: z.enum(["added", "updated", "changed", "removed"]),
  versionOld: z.string().nullable(),
  versionNew: z.string().nullable(),
});

export const readPackageRoute = declareRoute({
  path: "/packages/{name}",
  method: "get",
  summary: "A source or binary package: its versions in all suites, and what changed last",
  parameters: z.object({ name: z.string().min(1).max(255) }),
  replies: {
    200: z.object({
      name: z.string(),
      versions: z.array(VersionJson),
      changes: z.array(ChangeJson),
    }),
  },
  async answer(_web, { path: { name } }) {
    const versions = await packageVersions(name);
    const changes = await changesOfPackage(name, CHANGES);
    if (versions.length + changes.length === 0) {
      throw notFound(`No package is called ${name}.`, "List names: /api/v1/packages?prefix=");
    }
    const body = {
      name,
      versions: versions.map((one) => ({
        repository: one.repository,
        suite: one.suite,
        type: one.type,
        version: one.version,
        component: one.component,
        architectures: one.architectures,
        source: one.sourceName,
        since: one.addedAt.toISOString(),
      })),
      changes: changes.map((row) => ({
        time: row.changed_at.toISOString(),
        repository: row.repository,
        suite: row.suite,
        type: row.type,
        name: row.name,
        source: row.source_name,
        architecture: row.architecture,
        change: row.change,
        versionOld: row.version_old,
        versionNew: row.version_new,
      })),
    };
    return { body };
  },
});

import { z } from "zod";
import { database } from "../../database/connect.ts";
import { parseRelationship, printRelation } from "../../debian/relationship.ts";
import { OperatorError } from "../../errors.ts";
import { declareOperation } from "../../operation/declare.ts";

/** A package that provides a name. */
export interface Provider {
  repository: string;
  suite: string;
  package: string;
  version: string;
  architectures: string[];
  /** As in the field Provides, with the version that is provided where there is one. */
  provides: string;
}

/** Who provides a name, in all suites or in one; real packages of that name are not among them. */
export async function providersOf(name: string, suite?: string): Promise<Provider[]> {
  const rows = await database().query<Provider>(
    `select r.name as repository, s.name as suite, p.name as package, p.version,
            array_agg(distinct p.architecture order by p.architecture) as architectures, p.provides
       from binary_package p
       join archive_index i on i.id = p.index_id
       join suite s on s.id = i.suite_id
       join repository r on r.id = s.repository_id
      where p.provides is not null and provided_names(p.provides) @> array[$1]
        and i.kind = 'deb' and ($2::text is null or s.name = $2)
      group by r.name, s.name, p.name, p.version, p.version_key, p.provides
      order by r.name, s.name, p.name, p.version_key desc`,
    [name, suite ?? null],
  );
  return rows.map((row) => ({ ...row, provides: elementFor(name, row.provides) }));
}

/** The element of a Provides that names a package. */
function elementFor(name: string, provides: string): string {
  try {
    const found = parseRelationship(provides)
      .flat()
      .find((one) => one.name === name);
    return found === undefined ? name : printRelation(found);
  } catch (thrown) {
    // An import does not read relationships, so that a broken one may be stored.
    if (thrown instanceof OperatorError) return name;
    throw thrown;
  }
}

export const providers = declareOperation({
  name: "providers",
  summary: "which packages provide a virtual package",
  examples: ["providers mail-transport-agent", "providers awk --suite bookworm"],
  parameters: z.object({
    name: z
      .string()
      .trim()
      .min(1)
      .max(255)
      .meta({ description: "the name that is provided", positional: true }),
    suite: z.string().min(1).optional().meta({
      description: "only in this suite",
      complete: "suite",
    }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { name, suite }) {
    const found = await providersOf(name, suite);
    return {
      messages: [
        {
          tone: "neutral",
          headline:
            found.length === 0
              ? ["No package provides ", { strong: name }, "."]
              : [{ strong: name }, " is provided by"],
          ...(found.length === 0
            ? {}
            : {
                table: {
                  columns: ["suite", "package", "version", "provides", "architectures"],
                  rows: found.map((one) => [
                    `${one.repository}:${one.suite}`,
                    one.package,
                    one.version,
                    one.provides,
                    one.architectures.join(" "),
                  ]),
                },
              }),
        },
      ],
      data: found,
    };
  },
});

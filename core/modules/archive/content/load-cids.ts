import { z } from "zod";
import { OperatorError } from "../../../errors.ts";
import type { ContentLoad, LoadedContent } from "./content-load.ts";

const LARGEST = 64 * 1024 * 1024;

/** Ids of components, each with the one or several global ids it has. */
const CidIndex = z.record(z.string().min(1), z.union([z.string(), z.array(z.string())]));

/**
 * Reads a `CID-Index-ARCHITECTURE.json`: which global ids a component has. It is small, and
 * written anew when it changes.
 *
 * @throws OperatorError `MALFORMED_CID_INDEX`
 */
export async function loadCids(load: ContentLoad): Promise<LoadedContent> {
  const { client, indexId, name } = load;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of load.content) {
    size += chunk.length;
    if (size > LARGEST) throw malformed(name, "it is larger than 64 MiB");
    chunks.push(chunk);
  }
  const pairs = Object.entries(parse(name, Buffer.concat(chunks).toString("utf8"))).flatMap(
    ([id, globals]) => [globals].flat().map((global) => [id, global] as const),
  );
  await client.query("delete from software_cid where index_id = $1", [indexId]);
  await client.query(
    `insert into software_cid (index_id, component_id, global_id)
     select distinct $1::integer, id, global from unnest($2::text[], $3::text[]) as pair(id, global)`,
    [indexId, pairs.map(([id]) => id), pairs.map(([, global]) => global)],
  );
  return { entries: pairs.length };
}

function parse(name: string, text: string): z.output<typeof CidIndex> {
  try {
    return CidIndex.parse(JSON.parse(text));
  } catch (thrown) {
    const issue = thrown instanceof z.ZodError ? thrown.issues[0] : undefined;
    const fault =
      issue === undefined
        ? `it is no JSON: ${(thrown as Error).message}`
        : `${issue.path.join(".") || "it"}: ${issue.message}`;
    throw malformed(name, fault);
  }
}

function malformed(name: string, fault: string): OperatorError {
  return new OperatorError(
    "MALFORMED_CID_INDEX",
    `${name} cannot be used: ${fault}.`,
    "Nothing of it was stored. Whoever publishes this file has to mend it.",
  );
}

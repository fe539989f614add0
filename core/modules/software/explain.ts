import type { Fact } from "../module.ts";
import { text } from "./operation.ts";
import { softwareNamed } from "./read.ts";

/** Names the software that a package has. */
export async function explainSoftware(name: string): Promise<Fact[]> {
  const found = (await softwareNamed(name)).filter((one) => one.package === name);
  if (found.length === 0) return [];
  return [
    {
      message: {
        tone: "neutral",
        headline: [{ strong: name }, " has software that people can find"],
        table: {
          columns: ["suite", "name", "summary", "id"],
          rows: found.map((one) => [
            `${one.repository}:${one.suite}`,
            text(one.name, "C"),
            text(one.summary, "C"),
            one.id,
          ]),
        },
      },
      data: { kind: "software", package: name, components: found },
    },
  ];
}

import { z } from "zod";
import { differenceMessage } from "../../difference.ts";
import { declareOperation } from "../../operation/declare.ts";
import { applyDistro, exportDistro, readDistro, sectionsOf } from "./apply.ts";
import { tomlText } from "../../toml-text.ts";

const NEXT = [{ code: "import" }, " brings the packages in"];

export const distroApply = declareOperation({
  name: "distro apply",
  summary: "bring a description of the distribution into the database",
  description:
    "Reads a TOML file and makes what it names so: repositories, suites and what other modules " +
    "own of it. Shows the difference; applying twice changes nothing. What the file does not " +
    "name stays, unless --prune is given.",
  examples: ["distro apply distro.toml", "distro apply distro.toml --dry-run"],
  parameters: z.object({
    file: z.string().min(1).meta({
      description: "TOML file on the machine that runs this",
      positional: true,
      complete: "file",
    }),
    dryRun: z.boolean().default(false).meta({ description: "show the difference, change nothing" }),
    prune: z.boolean().default(false).meta({ description: "also remove what the file lacks" }),
  }),
  role: "admin",
  kind: "act",
  async run({ registry, log }, { file, dryRun, prune }) {
    const sections = sectionsOf(registry);
    const { document, folder } = readDistro(sections, file);
    const differences = await applyDistro(sections, document, { folder, dryRun, prune });
    log.info({ file, dryRun, differences: differences.length }, "distribution described");
    return {
      messages: [differenceMessage(differences, dryRun, NEXT)],
      data: { applied: !dryRun, differences },
    };
  },
});

export const distroExport = declareOperation({
  name: "distro export",
  summary: "write out the description of the distribution",
  description: "The database in the form of a file for distro apply.",
  examples: ["distro export"],
  parameters: z.object({}),
  role: "admin",
  kind: "answer",
  async run({ registry }) {
    const document = await exportDistro(sectionsOf(registry));
    const text = tomlText(document);
    const headline = ["The distribution as it is described now"];
    return {
      messages: [{ tone: "neutral", headline, quote: text.trimEnd() }],
      lines: text.trimEnd().split("\n"),
      data: document,
    };
  },
});

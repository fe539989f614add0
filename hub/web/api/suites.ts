import { z } from "zod";
import { type SuiteOverview, suiteOverview } from "../../../core/modules/archive/read.ts";
import { declareRoute } from "./route.ts";

const Moment = z.iso.datetime().nullable();

const SuiteJson = z.object({
  repository: z.string(),
  suite: z.string(),
  alias: z.string().nullable(),
  components: z.array(z.string()),
  architectures: z.array(z.string()),
  sources: z.int(),
  binaries: z.int(),
  udebs: z.int(),
  releaseDate: Moment,
  importedAt: Moment.meta({ description: "when its packages were last stored" }),
  checkedAt: Moment.meta({ description: "when its mirror was last asked with success" }),
  failure: z.string().nullable().meta({ description: "why the last import failed" }),
});

export const listSuitesRoute = declareRoute({
  path: "/suites",
  method: "get",
  summary: "All suites, what they hold and how fresh they are",
  replies: { 200: z.object({ items: z.array(SuiteJson) }) },
  async answer() {
    return { body: { items: (await suiteOverview()).map(suiteJson) } };
  },
});

function suiteJson(suite: SuiteOverview): z.output<typeof SuiteJson> {
  return {
    repository: suite.repository,
    suite: suite.suite,
    alias: suite.alias,
    components: suite.components,
    architectures: suite.architectures,
    sources: suite.sources,
    binaries: suite.binaries,
    udebs: suite.udebs,
    releaseDate: suite.releaseDate?.toISOString() ?? null,
    importedAt: suite.importedAt?.toISOString() ?? null,
    checkedAt: suite.checkedAt?.toISOString() ?? null,
    failure: suite.failure,
  };
}

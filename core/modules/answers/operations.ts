import { z } from "zod";
import { declareOperation } from "../../operation/declare.ts";

export const why = declareOperation({
  name: "why",
  summary: "all that is known about a package, and why it is where it is",
  examples: ["why mini", "why bash"],
  parameters: z.object({
    package: z
      .string()
      .trim()
      .min(1)
      .max(255)
      .meta({ description: "source or binary package", positional: true, complete: "package" }),
  }),
  role: "reader",
  kind: "answer",
  async run({ registry }, parameters) {
    const name = parameters.package;
    const facts = await registry.explain(name);
    if (facts.length === 0) {
      return {
        messages: [
          {
            tone: "attention",
            headline: ["Nothing is known about a package ", { strong: name }, "."],
            next: ["Check the spelling, or import its suite first: import SUITE"],
          },
        ],
        data: { package: name, facts: [] },
      };
    }
    return {
      messages: facts.map((fact) => fact.message),
      data: { package: name, facts: facts.map((fact) => fact.data) },
    };
  },
});

export const status = declareOperation({
  name: "status",
  summary: "how everything is: suites, age of imports, queues",
  examples: ["status"],
  parameters: z.object({}),
  role: "reader",
  kind: "answer",
  async run({ registry }) {
    const facts = await registry.status();
    if (facts.length === 0) {
      return {
        messages: [
          {
            tone: "attention",
            headline: ["No suite is configured yet."],
            next: ["Describe the archives in a file and apply it: lk distro apply FILE"],
          },
        ],
        data: [],
      };
    }
    return { messages: facts.map((fact) => fact.message), data: facts.map((fact) => fact.data) };
  },
});

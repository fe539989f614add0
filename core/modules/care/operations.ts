import { readFileSync } from "node:fs";
import { z } from "zod";
import { declareOperation } from "../../operation/declare.ts";

/** The version of this program, from the nearest package.json above: of sources, dist or bundle. */
export function programVersion(): string {
  for (let folder = new URL(".", import.meta.url); ; folder = new URL("..", folder)) {
    try {
      const text = readFileSync(new URL("package.json", folder), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
      if (folder.pathname === "/") return "unknown";
    }
  }
}

export const version = declareOperation({
  name: "version",
  summary: "which version this is",
  examples: ["version"],
  parameters: z.object({}),
  role: "reader",
  kind: "answer",
  standalone: true,
  run() {
    const lines = [`Laniakea ${programVersion()} on Node ${process.versions.node}`];
    const data = { version: programVersion(), node: process.versions.node };
    return Promise.resolve({ messages: [{ tone: "neutral", headline: lines }], lines, data });
  },
});

export const doctor = declareOperation({
  name: "doctor",
  summary: "what is well here and what is not, with the remedy",
  examples: ["doctor"],
  parameters: z.object({}),
  role: "operator",
  kind: "answer",
  async run(context) {
    const found = await Promise.all(
      context.registry.modules.map((module) => module.check?.(context) ?? Promise.resolve([])),
    );
    const messages = found.flat();
    return {
      messages,
      data: messages.map(({ tone, headline, next }) => ({ tone, headline, next })),
      failed: messages.some(({ tone }) => tone === "bad"),
    };
  },
});

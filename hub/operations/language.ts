import { z } from "zod";
import { LANGUAGES } from "../../core/language/language.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { channelKinds } from "../channels/index.ts";
import { preferredLanguage } from "../pacing/preference.ts";
import { setPreference } from "../pacing/set-preference.ts";
import { destinationFor, to } from "./whose.ts";

const parameters = z.object({
  language: z
    .enum([...LANGUAGES, "default"])
    .optional()
    .meta({
      description: "default: that of hub.language in the configuration",
      positional: true,
    }),
  to,
});

export const language = declareOperation({
  name: "language",
  summary: "in which language messages about events are written",
  description: "Without an argument: in which they are now. Answers to commands are in English.",
  examples: ["language de", "language default --to email:person@example.org"],
  parameters,
  role: "reader",
  kind: "act",
  async run({ caller, settings }, { language: wanted, to: named }) {
    const destination = destinationFor(caller, named);
    if (wanted !== undefined) {
      const change = { language: wanted === "default" ? null : wanted };
      const options = { by: caller.name, kinds: channelKinds, now: new Date() };
      await setPreference(destination, change, options);
    }
    const chosen = await preferredLanguage(destination);
    const told = chosen ?? settings.config.hub.language;
    return {
      messages: [
        {
          tone: wanted === undefined ? "neutral" : "good",
          headline: [
            { code: destination },
            " is told in ",
            { strong: NAMES[told] },
            ...(chosen === undefined ? [", as hub.language says"] : []),
          ],
        },
      ],
      data: { destination, language: told, chosen: chosen ?? null },
    };
  },
});

const NAMES: Record<(typeof LANGUAGES)[number], string> = { en: "English", de: "German" };

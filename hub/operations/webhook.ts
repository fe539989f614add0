import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { canonicalUrl, webhook } from "../channels/webhook/index.ts";
import { makeHookSecret } from "../channels/webhook/secret.ts";

/** Makes the secret with which a hook is signed; who hears what is `follow --to`. */
export const webhookAdd = declareOperation({
  name: "webhook add",
  summary: "make the secret of a webhook",
  description:
    "Nothing is posted to a webhook before it has a secret. The secret is written to a file of this " +
    "machine, which must be the one the hub runs on, and is shown nowhere else. A second time changes " +
    "nothing; to change a secret, put a new line above the old one.",
  examples: ["webhook add https://ci.example.org/hook"],
  parameters: z.object({
    url: z.string().max(1_000).meta({ description: "where to post", positional: true }),
  }),
  role: "admin",
  kind: "act",
  async run({ settings }, { url }) {
    const canonical = canonicalUrl(url);
    if (canonical === undefined) {
      throw new OperatorError(
        "BAD_DESTINATION",
        `${JSON.stringify(url)} is not the address of a webhook.`,
        `Destinations are written like: ${webhook.example}`,
        { exitStatus: 2 },
      );
    }
    const file = await makeHookSecret(settings, canonical);
    return {
      messages: [
        {
          tone: "good",
          headline: ["The webhook has a secret, in the file ", { code: file }],
          details: [
            ["Give it to the receiver: it verifies what comes, as Standard Webhooks says."],
          ],
          next: ["follow PACKAGE --to ", { code: `webhook:${canonical}` }],
        },
      ],
      data: { url: canonical, file },
    };
  },
});

import { z } from "zod";
import { checkKeyId } from "../../events/key-file.ts";
import { type Decision, readRightsFile, writeRightsFile } from "../../events/rights-file.ts";
import { TAG_PATTERN } from "../../events/rights.ts";
import { openKeyring } from "../../events/setup.ts";
import { type Answer, declareOperation, type OperationContext } from "../../operation/declare.ts";
import { atOnce, onlyAtCommandLine, rightsText } from "./key-data.ts";

const parameters = z.object({
  id: z.string().meta({ description: "signer id", positional: true, complete: "signer" }),
  patterns: z
    .array(z.string().regex(TAG_PATTERN, "a tag, or a pattern such as _lk.archive.*"))
    .default([])
    .meta({ description: "tags; * stands for anything", positional: true, complete: "tag" }),
});

export const keyAllow = declareOperation({
  name: "key allow",
  summary: "decide what a signer may say on the bus",
  description:
    "The patterns given are all it may say, instead of what its module says. Without patterns its module decides again. It counts within five seconds, on this machine.",
  examples: ["key allow anise-importer _lk.archive.* _lk.core.ping", "key allow anise-importer"],
  parameters,
  role: "admin",
  kind: "act",
  standalone: true,
  run: atOnce((context, { id, patterns }) => {
    const given = patterns.length === 0 ? undefined : patterns;
    return decide(context, id, (before) => ({ ...before, allow: given }));
  }),
});

export const keyDeny = declareOperation({
  name: "key deny",
  summary: "decide what a signer may never say on the bus",
  description:
    "A denial beats whatever allows. The patterns given are all that is denied; without patterns nothing is. It counts within five seconds, on this machine.",
  examples: ["key deny anise-archive _lk.archive.package-upload-*", "key deny anise-archive"],
  parameters,
  role: "admin",
  kind: "act",
  standalone: true,
  run: atOnce((context, { id, patterns }) => {
    const given = patterns.length === 0 ? undefined : patterns;
    return decide(context, id, (before) => ({ ...before, deny: given }));
  }),
});

function decide(
  context: OperationContext,
  id: string,
  change: (before: Decision) => Decision,
): Answer {
  onlyAtCommandLine(context.caller);
  checkKeyId(id);
  const file = openKeyring(context).rightsFile();
  const decided = new Map(readRightsFile(file));
  decided.set(id, change(decided.get(id) ?? {}));
  writeRightsFile(file, decided);
  const keyring = openKeyring(context);
  const rights = keyring.rights(id);
  const trusted = keyring.verifyKeys(id).length > 0;
  return {
    messages: [
      {
        tone: trusted ? "good" : "attention",
        headline: trusted
          ? [{ strong: id }, " may say ", ...rightsText(rights), "."]
          : ["Noted, but no key of ", { strong: id }, " is trusted."],
        details: [["Written to ", { code: file }]],
      },
    ],
    data: { id, trusted, ...rights },
  };
}

import { z } from "zod";
import type { Keyring, KeptKey } from "../../events/keyring.ts";
import type { Rights } from "../../events/rights.ts";
import { openKeyring } from "../../events/setup.ts";
import { type Inline, type Message, plainLine } from "../../message.ts";
import { declareOperation } from "../../operation/declare.ts";
import { atOnce, keyData, type KeyData, rightsText } from "./key-data.ts";
import { unknownSigner } from "./operation-trust.ts";

interface ListedKey extends KeyData {
  /** Own: a module of this machine signs with it. Revoked: it counts no more. */
  kind: "trusted" | "own" | "revoked";
  /** What a trusted signer may say. */
  rights: Rights | null;
}

export const keyList = declareOperation({
  name: "key list",
  summary: "whose events are accepted, and what this machine signs with",
  examples: ["key list"],
  parameters: z.object({}),
  role: "admin",
  kind: "answer",
  standalone: true,
  run: atOnce((context) => {
    const keyring = openKeyring(context);
    const keys = listed(keyring);
    if (keys.length === 0) {
      return {
        messages: [
          {
            tone: "attention",
            headline: ["No key is known in ", { code: keyring.directory }, "."],
            next: ["Start Lighthouse once, or make one: key new ID"],
          },
        ],
        data: [],
      };
    }
    return {
      messages: (["trusted", "own", "revoked"] as const).flatMap((kind) => table(kind, keys)),
      data: keys,
    };
  }),
});

export const keyShow = declareOperation({
  name: "key show",
  summary: "one signer's keys, to compare with their owner",
  examples: ["key show archive-host"],
  parameters: z.object({
    id: z.string().meta({ description: "signer id", positional: true, complete: "signer" }),
  }),
  role: "admin",
  kind: "answer",
  standalone: true,
  run: atOnce((context, { id }) => {
    const keys = listed(openKeyring(context)).filter((key) => key.id === id);
    if (keys.length === 0) throw unknownSigner(id);
    return { messages: keys.map(describe), data: keys };
  }),
});

const HEADLINES = {
  trusted: "Accepted signers",
  own: "Keys of this machine",
  revoked: "Revoked keys",
};

function listed(keyring: Keyring): ListedKey[] {
  const as = (kind: ListedKey["kind"]) => (kept: KeptKey) => ({
    kind,
    ...keyData(kept.file, kept.key),
    rights: kind === "trusted" ? keyring.rights(kept.key.id) : null,
  });
  return [
    ...keyring.trusted().map(as("trusted")),
    ...keyring.own().map(as("own")),
    ...keyring.revoked().map(as("revoked")),
  ];
}

/** No table of revoked keys where there are none. */
function table(kind: ListedKey["kind"], keys: ListedKey[]): Message[] {
  const rows = keys
    .filter((key) => key.kind === kind)
    .map((key) => [
      key.id,
      key.verifyKey ?? "none",
      ...(key.rights === null ? [] : [plainLine(rightsText(key.rights))]),
      key.name ?? "",
      key.file,
    ]);
  if (rows.length === 0 && kind === "revoked") return [];
  const says = kind === "trusted" ? ["may say"] : [];
  const columns = ["id", "verify key", ...says, "name", "file"];
  return [
    {
      tone: "neutral",
      headline: [`${HEADLINES[kind]}: ${rows.length}`],
      ...(rows.length === 0 ? {} : { table: { columns, rows } }),
    },
  ];
}

function describe(key: ListedKey): Message {
  const details: Inline[][] = [
    ["File ", { code: key.file }],
    ["Owner ", [key.name, key.email, key.organization].filter(Boolean).join(", ") || "unknown"],
    ["Made ", key.created ?? "at an unknown time"],
    ["Signs with ", { code: key.verifyKey ?? "nothing" }],
    ["Connects with ", { code: key.curveKey ?? "nothing" }],
  ];
  if (key.rights !== null) details.push(["May say ", ...rightsText(key.rights)]);
  return { tone: "neutral", headline: [{ strong: key.id }, ROLES[key.kind]], details };
}

const ROLES = {
  trusted: " is trusted.",
  own: " is a key of this machine.",
  revoked: " was revoked.",
};

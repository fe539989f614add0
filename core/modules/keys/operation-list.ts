import { z } from "zod";
import type { Keyring, KeptKey } from "../../events/keyring.ts";
import { openKeyring } from "../../events/setup.ts";
import type { Inline, Message } from "../../message.ts";
import { declareOperation } from "../../operation/declare.ts";
import { atOnce, keyData, type KeyData } from "./key-data.ts";
import { unknownSigner } from "./operation-trust.ts";

interface ListedKey extends KeyData {
  /** Trusted: its events are accepted. Own: a module of this machine signs with it. */
  kind: "trusted" | "own";
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
    return { messages: [table("trusted", keys), table("own", keys)], data: keys };
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

function listed(keyring: Keyring): ListedKey[] {
  const as = (kind: ListedKey["kind"]) => (kept: KeptKey) => ({
    kind,
    ...keyData(kept.file, kept.key),
  });
  return [...keyring.trusted().map(as("trusted")), ...keyring.own().map(as("own"))];
}

function table(kind: ListedKey["kind"], keys: ListedKey[]): Message {
  const rows = keys
    .filter((key) => key.kind === kind)
    .map((key) => [key.id, key.verifyKey ?? "none", key.name ?? "", key.file]);
  const headline = kind === "trusted" ? "Accepted signers" : "Keys of this machine";
  return {
    tone: "neutral",
    headline: [`${headline}: ${rows.length}`],
    ...(rows.length === 0
      ? {}
      : { table: { columns: ["id", "verify key", "name", "file"], rows } }),
  };
}

function describe(key: ListedKey): Message {
  const details: Inline[][] = [
    ["File ", { code: key.file }],
    ["Owner ", [key.name, key.email, key.organization].filter(Boolean).join(", ") || "unknown"],
    ["Made ", key.created ?? "at an unknown time"],
    ["Signs with ", { code: key.verifyKey ?? "nothing" }],
    ["Connects with ", { code: key.curveKey ?? "nothing" }],
  ];
  const role = key.kind === "trusted" ? " is trusted." : " is a key of this machine.";
  return { tone: "neutral", headline: [{ strong: key.id }, role], details };
}

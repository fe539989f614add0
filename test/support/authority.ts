import type { AdmissionRules } from "../../core/events/admission.ts";
import { defaultRights, moduleOfSigner } from "../../core/events/rights.ts";
import { readVerifyKey } from "../../core/events/signature.ts";

/** Rules that trust these verify keys (base64) by signer id, with the rights of their modules. */
export function rulesFor(trusted: Record<string, string>, now?: () => number): AdmissionRules {
  const keys = new Map(
    Object.entries(trusted).map(([signer, text]) => [signer, readVerifyKey(text) as Buffer]),
  );
  return {
    authority: {
      verifyKeys: (signer) => (keys.has(signer) ? [keys.get(signer) as Buffer] : []),
      rights: (id) => defaultRights(moduleOfSigner({ id })),
    },
    window: 30 * 86_400_000,
    ...(now && { now }),
  };
}

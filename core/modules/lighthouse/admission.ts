import { type AdmissionRules, admitFrame } from "../../events/admission.ts";
import { createRowMaker, type EventRows } from "../../events/event-rows.ts";
import type { Keyring } from "../../events/keyring.ts";
import { prepareEvent } from "../../events/published.ts";
import type { Refusal } from "../../events/verify.ts";

/** What was decided on some frames, ready for the journal and for publishing. */
export interface Admitted {
  /** Which of the frames were accepted, and their events. */
  accepted: number[];
  events: EventRows;
  refused: { frame: number; refusal: Refusal }[];
}

/** What decides on submitted frames. */
export interface Admission {
  rules: AdmissionRules;
  /** Has the key that Lighthouse signs with. */
  keyring: Keyring;
  /** The id under which events are published. */
  lighthouse: string;
}

/**
 * A function that decides on frames and does all work on them that needs no database: signatures
 * are checked, rows are written, and to publish them Lighthouse's own signature is made.
 */
export function createAdmission(
  admission: Admission,
): (frames: Iterable<Uint8Array>, publish: boolean) => Admitted {
  const { keyring, lighthouse, rules } = admission;
  const rows = createRowMaker();
  return (frames, publish) => {
    const key = publish ? keyring.signingKey("lighthouse") : undefined;
    const accepted: number[] = [];
    const refused: Admitted["refused"] = [];
    let frame = 0;
    for (const bytes of frames) {
      const verdict = admitFrame(bytes, "submit", rules);
      if (verdict.accepted) {
        const { scanned } = verdict.event;
        // What is not as usual is read from the journal and written anew when it is published.
        rows.add(verdict.event, key && scanned && prepareEvent(scanned, key, lighthouse));
        accepted.push(frame);
      } else {
        refused.push({ frame, refusal: verdict });
      }
      frame += 1;
    }
    return { accepted, refused, events: rows.take() };
  };
}

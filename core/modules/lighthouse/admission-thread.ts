import { parentPort, workerData } from "node:worker_threads";
import { type AdmissionRules, admitFrame } from "../../events/admission.ts";
import { Keyring } from "../../events/keyring.ts";

/** What a thread knows of its Lighthouse. It watches the key directory by itself. */
export interface AdmissionThread {
  keys: string;
  /** Milliseconds. */
  window: number;
}

/** Frames one behind the other, and where each ends. */
export interface AdmissionTask {
  bytes: Uint8Array;
  ends: number[];
}

/** The thread: answers each task with its verdicts, in the order of the tasks. */
function serve(port: NonNullable<typeof parentPort>, { keys, window }: AdmissionThread): void {
  const rules: AdmissionRules = { authority: new Keyring(keys), window };
  port.on("message", ({ bytes, ends }: AdmissionTask) => {
    let start = 0;
    const verdicts = ends.map((end) => {
      const frame = bytes.subarray(start, end);
      start = end;
      return admitFrame(frame, "submit", rules);
    });
    port.postMessage(verdicts);
  });
}

if (parentPort !== null) serve(parentPort, workerData as AdmissionThread);

import { parentPort, workerData } from "node:worker_threads";
import { Keyring } from "../../events/keyring.ts";
import { createAdmission } from "./admission.ts";

/** What a thread knows of its Lighthouse. It watches the key directory by itself. */
export interface AdmissionThread {
  keys: string;
  /** Part of the names of secret keys. */
  host: string;
  /** How old its knowledge of that directory may be. */
  recheckMilliseconds: number;
  /** Milliseconds. */
  window: number;
  lighthouse: string;
}

/** Frames one behind the other, and where each ends. */
export interface AdmissionTask {
  bytes: Uint8Array;
  ends: number[];
  publish: boolean;
}

/** The thread: says that it is there, and answers each task in their order. */
function serve(port: NonNullable<typeof parentPort>, thread: AdmissionThread): void {
  const { host, keys, lighthouse, recheckMilliseconds, window } = thread;
  const keyring = new Keyring(keys, { host, recheckMilliseconds });
  const admit = createAdmission({ rules: { authority: keyring, window }, keyring, lighthouse });
  port.on("message", (task: AdmissionTask) => {
    const admitted = admit(framesOf(task), task.publish);
    const { rows, texts } = admitted.events;
    port.postMessage(admitted, [rows.buffer as ArrayBuffer, texts.buffer as ArrayBuffer]);
  });
  port.postMessage("ready");
}

function framesOf({ bytes, ends }: AdmissionTask): Uint8Array[] {
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

if (parentPort !== null) serve(parentPort, workerData as AdmissionThread);

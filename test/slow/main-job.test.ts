import test from "ava";
import { mainJob } from "../support/main-job.ts";
import { startExim, whyNoExim } from "./exim-server.ts";
import { startSynapse, SynapseMissing } from "./synapse-server.ts";

const synapse = await startSynapse().catch((thrown: unknown) => {
  if (thrown instanceof SynapseMissing) return thrown;
  throw thrown;
});
const missing = synapse instanceof SynapseMissing ? synapse.message : whyNoExim();

if (synapse instanceof SynapseMissing || missing !== undefined) {
  test.skip(`the main job on Synapse and Exim # ${missing}`, () => undefined);
} else {
  test(`the main job goes its whole way on Synapse ${synapse.version} and Exim`, async (t) => {
    t.teardown(() => synapse.stop());
    const exim = await startExim();
    t.teardown(() => exim.remove());
    await mainJob(t, synapse, {
      url: exim.url,
      person: exim.person,
      mails: () => Promise.resolve(exim.letters()),
    });
    t.is(exim.complaints(), "");
  });
}

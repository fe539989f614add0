import test from "ava";
import { cases } from "../support/homeserver-cases.ts";
import { sessionCases } from "../support/homeserver-session-cases.ts";
import { startSynapse, SynapseMissing } from "./synapse-server.ts";

const synapse = await startSynapse().catch((thrown: unknown) => {
  if (thrown instanceof SynapseMissing) return thrown;
  throw thrown;
});

if (synapse instanceof SynapseMissing) {
  test.skip(`Synapse is not there: ${synapse.message}`, () => undefined);
} else {
  test.after.always(() => synapse.stop());
  for (const { title, run } of cases) {
    test.serial(`Synapse ${synapse.version}: ${title}`, (t) => run(t, synapse));
  }
  for (const { title, run } of sessionCases) {
    test.serial(`the session on Synapse ${synapse.version}: ${title}`, (t) => run(t, synapse));
  }
}

import { common } from "./ava.config.js";

/** The suites against real peers (Synapse, a mail server, Chromium, Debian): run by .ci/run. */
export default {
  ...common,
  files: ["test/slow/**/*.test.ts"],
  concurrency: 1,
  timeout: "10m",
};

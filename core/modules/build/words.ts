import { sentences } from "../../language/sentences.ts";

/** What events about builds and their results say. `…For` names the suite as well. */
export const buildWords = sentences({
  en: {
    built: "{package} {version} <v>was built</v> on {architecture}",
    builtFor: "{package} {version} <v>was built</v> on {architecture} for {place}",
    failed: "{package} {version} <v>failed to build</v> on {architecture}",
    failedFor: "{package} {version} <v>failed to build</v> on {architecture} for {place}",
    depwait: "{package} {version} <v>waits for a build dependency</v> on {architecture}",
    depwaitFor:
      "{package} {version} <v>waits for a build dependency</v> on {architecture} for {place}",
    missing: "a build dependency is not there yet",
    later: "nobody yet, it can be built once the dependency is there",
    resultGood: "Job {job} <v>succeeded</v>, and its result was accepted",
    resultBad: "Job {job} <v>failed</v>, and its result was accepted",
    resultRejected: "The job result {file} <v>was rejected</v>",
    resultRejectedFrom: "The job result {file} <v>was rejected</v> from {repository}",
    keeper: "whoever looks after the worker that sent it",
  },
  de: {
    built: "{package} {version} wurde auf {architecture} <v>gebaut</v>",
    builtFor: "{package} {version} wurde auf {architecture} für {place} <v>gebaut</v>",
    failed: "{package} {version} ließ sich auf {architecture} <v>nicht bauen</v>",
    failedFor: "{package} {version} ließ sich auf {architecture} für {place} <v>nicht bauen</v>",
    depwait: "{package} {version} <v>wartet</v> auf {architecture} auf eine Bauabhängigkeit",
    depwaitFor:
      "{package} {version} <v>wartet</v> auf {architecture} für {place} auf eine Bauabhängigkeit",
    missing: "eine Bauabhängigkeit ist noch nicht da",
    later: "noch niemand, gebaut wird, sobald die Abhängigkeit da ist",
    resultGood: "Der Auftrag {job} ist <v>gelungen</v>, sein Ergebnis wurde angenommen",
    resultBad: "Der Auftrag {job} ist <v>fehlgeschlagen</v>, sein Ergebnis wurde angenommen",
    resultRejected: "Das Ergebnis {file} eines Auftrags wurde <v>abgewiesen</v>",
    resultRejectedFrom:
      "Das Ergebnis {file} eines Auftrags wurde von {repository} <v>abgewiesen</v>",
    keeper: "wer den Worker betreut, der es geschickt hat",
  },
});

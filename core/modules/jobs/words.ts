import { sentences } from "../../language/sentences.ts";

/** What events about jobs say. */
export const jobWords = sentences({
  en: {
    assigned: "Worker {worker} <v>was given</v> {kind} job {job} for {architecture}",
    version: "Version {version}",
    accepted: "Worker {worker} <v>works</v> on job {job}",
    rejected: "Worker {worker} <v>rejected</v> job {job}",
    waits: "nobody, the job waits for a worker again",
    succeeded: "Job {job} <v>succeeded</v> on worker {worker}",
    resultFollows: "nobody, what it made is on its way",
    failed: "Job {job} <v>failed</v> on worker {worker}",
    dependency: "a dependency is missing",
    ended: "Job {job} <v>ended</v> on worker {worker} as {result}",
    lost: "Worker {worker} <v>lost</v> job {job}",
    silent: "the worker fell silent, or has forgotten the job",
    keeper: "whoever looks after worker {worker}",
    terminated: "The {kind} job {job} for {architecture} <v>was given up</v>",
  },
  de: {
    assigned: "{worker} <v>erhielt</v> den Auftrag {job} ({kind}) für {architecture}",
    version: "Version {version}",
    accepted: "{worker} <v>arbeitet</v> am Auftrag {job}",
    rejected: "{worker} hat den Auftrag {job} <v>abgelehnt</v>",
    waits: "niemand, der Auftrag wartet wieder auf einen Worker",
    succeeded: "Der Auftrag {job} ist auf {worker} <v>gelungen</v>",
    resultFollows: "niemand, das Ergebnis ist unterwegs",
    failed: "Der Auftrag {job} ist auf {worker} <v>fehlgeschlagen</v>",
    dependency: "eine Abhängigkeit fehlt",
    ended: "Der Auftrag {job} auf {worker} <v>endete</v> mit {result}",
    lost: "{worker} hat den Auftrag {job} <v>verloren</v>",
    silent: "der Worker meldet sich nicht mehr oder hat den Auftrag vergessen",
    keeper: "wer {worker} betreut",
    terminated: "Der Auftrag {job} ({kind}) für {architecture} wurde <v>aufgegeben</v>",
  },
});

import { sentences } from "../../language/sentences.ts";

/** What events about synchronisation say. `origin` is the distribution and its suite. */
export const syncWords = sentences({
  en: {
    imported: "{package} {version} <v>was imported</v> from {origin} into {suite}",
    forced: "{package} {version} <v>was imported by force</v> from {origin} into {suite}",
    merge: "{package} in {suite} <v>needs a merge</v> with {origin}",
    mergeWhy: "it was changed in {suite}, so a new version does not come by itself",
    cruft: "{package} in {suite} <v>may be cruft</v>",
    cruftWhy: "{origin} does not have it any more",
    cruftActs: "whoever may remove packages from {suite}",
    removal: "{package} <v>could not be removed</v> from {suite}",
    removalWhy: "it is gone from {origin}",
    sync: "{package} <v>could not be synced</v> from {origin} to {suite}",
    other: "{package} <v>has a problem</v> between {origin} and {suite}: {kind}",
    has: "{place} has {version}",
    hasNone: "{place} has no version",
    resolved: "{package} <v>is in order again</v> between {origin} and {suite} (it was {kind})",
  },
  de: {
    imported: "{package} {version} wurde aus {origin} nach {suite} <v>übernommen</v>",
    forced: "{package} {version} wurde aus {origin} nach {suite} <v>zwangsweise übernommen</v>",
    merge: "{package} in {suite} muss mit {origin} <v>zusammengeführt werden</v>",
    mergeWhy: "es wurde in {suite} geändert, deshalb kommt keine neue Version von selbst",
    cruft: "{package} in {suite} ist <v>vielleicht überflüssig</v>",
    cruftWhy: "{origin} hat es nicht mehr",
    cruftActs: "wer Pakete aus {suite} entfernen darf",
    removal: "{package} ließ sich aus {suite} <v>nicht entfernen</v>",
    removalWhy: "{origin} hat es nicht mehr",
    sync: "{package} ließ sich aus {origin} <v>nicht übernehmen</v> nach {suite}",
    other: "{package} hat ein <v>Problem</v> zwischen {origin} und {suite}: {kind}",
    has: "{place} hat {version}",
    hasNone: "{place} hat keine Version",
    resolved:
      "{package} ist zwischen {origin} und {suite} <v>wieder in Ordnung</v> (es war {kind})",
  },
});

import { sentences } from "../../language/sentences.ts";

/** What events about imports and what they found say. */
export const archiveWords = sentences({
  en: {
    added: "{package} {versions}{extent} <v>is new</v> in {place}",
    updated: "{package} {versions}{extent} <v>was updated</v> in {place}",
    changed: "{package} {versions}{extent} <v>was changed without a new version</v> in {place}",
    removed: "{package} {versions}{extent} <v>left</v> {place}",
    moved: "{package} {versions}{extent} <v>moved</v> from {from} to {to} in {place}",
    binariesOnly: " (binaries only)",
    binary:
      "{name} {versions} {change, select, added {added} updated {updated} changed {changed} other {removed}} on {architectures}",
    installer: "{name} (installer)",
    several:
      "{place}: <v>changes</v> in {count, plural, one {# source package} other {# source packages}}",
    sources: "sources: {counts}",
    binaries: "binaries: {counts}",
    countAdded: "{count, plural, other {# added}}",
    countUpdated: "{count, plural, other {# updated}}",
    countChanged: "{count, plural, other {# changed}}",
    countRemoved: "{count, plural, other {# removed}}",
    sample:
      "{name} {versions} {change, select, added {added} updated {updated} changed {changed} moved {moved} other {removed}}",
    imported: "{place} <v>was imported</v> for the first time",
    holds:
      "{sources, plural, one {# source} other {# sources}}, {binaries, plural, one {# binary} other {# binaries}}{udebs, plural, =0 {} other {, # for the installer}}",
    read: "components {components}, architectures {architectures}, {bytes} of indices",
    fails: "The import of {place} <v>fails</v>",
    works: "The import of {place} <v>works again</v>",
    lasted: "It failed since {moment}",
    seeSuite: "See the suite",
  },
  de: {
    added: "{package} {versions}{extent} ist <v>neu</v> in {place}",
    updated: "{package} {versions}{extent} wurde in {place} <v>erneuert</v>",
    changed: "{package} {versions}{extent} wurde in {place} <v>ohne neue Version geändert</v>",
    removed: "{package} {versions}{extent} <v>ist nicht mehr</v> in {place}",
    moved: "{package} {versions}{extent} <v>wechselte</v> in {place} von {from} nach {to}",
    binariesOnly: " (nur Binärpakete)",
    binary:
      "{name} {versions} {change, select, added {neu} updated {erneuert} changed {geändert} other {entfernt}} auf {architectures}",
    installer: "{name} (Installer)",
    several:
      "{place}: <v>Änderungen</v> in {count, plural, one {# Quellpaket} other {# Quellpaketen}}",
    sources: "Quellpakete: {counts}",
    binaries: "Binärpakete: {counts}",
    countAdded: "{count, plural, other {# neu}}",
    countUpdated: "{count, plural, other {# erneuert}}",
    countChanged: "{count, plural, other {# geändert}}",
    countRemoved: "{count, plural, other {# entfernt}}",
    sample:
      "{name} {versions} {change, select, added {neu} updated {erneuert} changed {geändert} moved {gewechselt} other {entfernt}}",
    imported: "{place} wurde zum ersten Mal <v>eingelesen</v>",
    holds:
      "{sources, plural, one {# Quellpaket} other {# Quellpakete}}, {binaries, plural, one {# Binärpaket} other {# Binärpakete}}{udebs, plural, =0 {} other {, # für den Installer}}",
    read: "Komponenten {components}, Architekturen {architectures}, {bytes} Indizes",
    fails: "Das Einlesen von {place} <v>scheitert</v>",
    works: "Das Einlesen von {place} <v>gelingt wieder</v>",
    lasted: "Es scheiterte seit {moment}",
    seeSuite: "Zur Suite",
  },
});

import { sentences } from "../../core/language/sentences.ts";

/** What a message says that is made of several events. `nouns` are what objects begin with. */
export const pacingWords = sentences({
  en: {
    news: "{count, plural, one {<v># piece of news</v>} other {<v># news</v>}} since {since}",
    package: "{count, plural, one {<v># package</v>} other {<v># packages</v>}}{where}{how}",
    job: "{count, plural, one {<v># job report</v>} other {<v># job reports</v>}}{where}{how}",
    upload: "{count, plural, one {<v># upload</v>} other {<v># uploads</v>}}{where}{how}",
    migration:
      "{count, plural, one {<v># change of migrations</v>} other {<v># changes of migrations</v>}}{where}{how}",
    depcheck:
      "{count, plural, one {<v># dependency check result</v>} other {<v># dependency check results</v>}}{where}{how}",
    sync: "{count, plural, one {<v># change of syncs</v>} other {<v># changes of syncs</v>}}{where}{how}",
    kind: "{count, plural, one {<v># × {kind}</v>} other {<v># × {kind}</v>}}{where}{how}",
    where: " in {place}",
    did: "{count, number} {did}",
    others: "{line} – and {count, plural, other {# more}} by the same cause",
    changes: "{line} ({count, plural, one {# change} other {# changes}})",
    before: "{when}: {line}",
    earlier: "and {count, plural, one {# more change} other {# more changes}} before",
    kinds: "and {count, plural, one {# more kind of news} other {# more kinds of news}}",
    undone: "{count, plural, one {# change} other {# changes}} that were undone again left out",
    all: "All of them",
    still: "Still: {line}",
  },
  de: {
    news: "{count, plural, one {<v># Neuigkeit</v>} other {<v># Neuigkeiten</v>}} seit {since}",
    package: "{count, plural, one {<v># Paket</v>} other {<v># Pakete</v>}}{where}{how}",
    job: "{count, plural, one {<v># Meldung</v>} other {<v># Meldungen</v>}} von Aufträgen{where}{how}",
    upload: "{count, plural, one {<v># Upload</v>} other {<v># Uploads</v>}}{where}{how}",
    migration:
      "{count, plural, one {<v># Änderung</v>} other {<v># Änderungen</v>}} bei Migrationen{where}{how}",
    depcheck:
      "{count, plural, one {<v># Ergebnis</v>} other {<v># Ergebnisse</v>}} der Abhängigkeitsprüfung{where}{how}",
    sync: "{count, plural, one {<v># Änderung</v>} other {<v># Änderungen</v>}} beim Abgleich{where}{how}",
    kind: "{count, plural, one {<v># × {kind}</v>} other {<v># × {kind}</v>}}{where}{how}",
    where: " in {place}",
    did: "{count, number} {did}",
    others: "{line} – und {count, plural, other {# weitere}} aus derselben Ursache",
    changes: "{line} ({count, plural, one {# Änderung} other {# Änderungen}})",
    before: "{when}: {line}",
    earlier: "und davor {count, plural, one {# weitere Änderung} other {# weitere Änderungen}}",
    kinds: "und {count, plural, one {# weitere Art} other {# weitere Arten}} von Neuigkeiten",
    undone:
      "{count, plural, one {# Änderung} other {# Änderungen}} weggelassen, weil rückgängig gemacht",
    all: "Alle davon",
    still: "Immer noch: {line}",
  },
});

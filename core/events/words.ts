import { sentences } from "../language/sentences.ts";

/** What messages of several kinds of events say. */
export const eventWords = sentences({
  en: {
    event: "event {id}",
    recovered: "{when} (found in the database, no event came)",
    recoveredUndated: "found in the database, no event came",
    unknownEvent: "Event {tag}",
    seeEvent: "See the event",
    seeJob: "See the job",
    seePackage: "See the package",
    nothing: "nothing",
    more: "{count} more",
    listed: "{names} and {last}",
    nobody: "nobody",
    maintainers: "the maintainers of {package}",
    operators: "the operators",
    moreBinaries: "and {count, plural, one {# more binary package} other {# more binary packages}}",
    moreSources: "and {count, plural, one {# more source package} other {# more source packages}}",
  },
  de: {
    event: "Ereignis {id}",
    recovered: "{when} (in der Datenbank gefunden, ohne Ereignis)",
    recoveredUndated: "in der Datenbank gefunden, ohne Ereignis",
    unknownEvent: "Ereignis {tag}",
    seeEvent: "Zum Ereignis",
    seeJob: "Zum Auftrag",
    seePackage: "Zum Paket",
    nothing: "nichts",
    more: "{count} weitere",
    listed: "{names} und {last}",
    nobody: "niemand",
    maintainers: "wer {package} betreut",
    operators: "der Betrieb",
    moreBinaries: "und {count, plural, one {# weiteres Binärpaket} other {# weitere Binärpakete}}",
    moreSources: "und {count, plural, one {# weiteres Quellpaket} other {# weitere Quellpakete}}",
  },
});

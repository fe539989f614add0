import { sentences } from "../../language/sentences.ts";

/** What events about Lighthouses say. */
export const lighthouseWords = sentences({
  en: {
    silent: "Lighthouse at {endpoint} <v>is silent</v>",
    silentWhy: "nothing of it was heard on {machine} for half a minute",
    check: "Does it run, and is its port open? For more: {command}",
    heard: "Lighthouse at {endpoint} <v>is heard again</v>",
    lasted: "It was silent on {machine} since {moment}",
  },
  de: {
    silent: "Lighthouse an {endpoint} ist <v>verstummt</v>",
    silentWhy: "auf {machine} war eine halbe Minute lang nichts von ihm zu hören",
    check: "Läuft es, und ist sein Port offen? Mehr dazu: {command}",
    heard: "Lighthouse an {endpoint} ist <v>wieder zu hören</v>",
    lasted: "Auf {machine} war es nicht zu hören seit {moment}",
  },
});

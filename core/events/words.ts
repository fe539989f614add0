import { sentences } from "../language/sentences.ts";

/** What messages of several kinds of events say. */
export const eventWords = sentences({
  en: {
    event: "event {id}",
    seeJob: "See the job",
    seePackage: "See the package",
  },
  de: {
    event: "Ereignis {id}",
    seeJob: "Zum Auftrag",
    seePackage: "Zum Paket",
  },
});

import { sentences } from "../../language/sentences.ts";

export const baseWords = sentences({
  en: {
    ping: "{node} <v>says</v> over the bus: {message}",
    canary: "{node} <v>checks</v> that news arrives here, since {at}",
  },
  de: {
    ping: "{node} <v>sagt</v> über den Bus: {message}",
    canary: "{node} <v>prüft</v>, ob Nachrichten hier ankommen, seit {at}",
  },
});

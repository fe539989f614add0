import { sentences } from "../../language/sentences.ts";

export const baseWords = sentences({
  en: { ping: "{node} <v>says</v> over the bus: {message}" },
  de: { ping: "{node} <v>sagt</v> über den Bus: {message}" },
});

import { sentences } from "../../../core/language/sentences.ts";

/** What stands below the line of mails. */
export const mailWords = sentences({
  en: {
    because: "You get this because: {reason}",
    end: "To end it: {link}",
  },
  de: {
    because: "Sie erhalten dies, weil: {reason}",
    end: "So hört es auf: {link}",
  },
});

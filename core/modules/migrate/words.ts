import { sentences } from "../../language/sentences.ts";

/** What events about migrations say. */
export const migrateWords = sentences({
  en: {
    blocked: "The migration of {package} {version} from {sources} to {target} <v>is blocked</v>",
    removalBlocked: "The removal of {package} {version} from {target} <v>is blocked</v>",
    free: "The migration of {package} {version} from {sources} to {target} <v>is no longer blocked</v>",
    removalFree: "The removal of {package} {version} from {target} <v>is no longer blocked</v>",
    new: "The package is new to {target}",
    present: "Version in {target}: {version}",
    seeExcuse: "See the excuse",
  },
  de: {
    blocked:
      "Die Migration von {package} {version} aus {sources} nach {target} ist <v>blockiert</v>",
    removalBlocked: "Die Entfernung von {package} {version} aus {target} ist <v>blockiert</v>",
    free: "Die Migration von {package} {version} aus {sources} nach {target} ist <v>nicht mehr blockiert</v>",
    removalFree:
      "Die Entfernung von {package} {version} aus {target} ist <v>nicht mehr blockiert</v>",
    new: "Das Paket ist neu in {target}",
    present: "Version in {target}: {version}",
    seeExcuse: "Zur Begründung",
  },
});

import { sentences } from "../../language/sentences.ts";

/** What events about dependencies say. */
export const debcheckWords = sentences({
  en: {
    unbuildable: "{package} {version} <v>cannot be built</v> in {place}",
    uninstallable: "{package} {version} <v>cannot be installed</v> in {place}",
    missingToBuild: "build dependencies cannot be met",
    missing: "dependencies cannot be met",
    broken: "dependencies cannot be met since {cause}",
    where: "On {architectures}",
    buildable: "{package} {version} <v>can be built again</v> in {place}",
    installable: "{package} {version} <v>can be installed again</v> in {place}",
    lasted: "It could not since {moment}",
    completed:
      "Dependency check of {type} packages in {place}: <v>{found, plural, one {# new issue} other {# new issues}}, {resolved, plural, other {# resolved}}</v>",
    seeIssue: "See the issue",
    seeSuite: "See the suite",
  },
  de: {
    unbuildable: "{package} {version} in {place} lässt sich <v>nicht bauen</v>",
    uninstallable: "{package} {version} in {place} lässt sich <v>nicht installieren</v>",
    missingToBuild: "Bauabhängigkeiten sind nicht erfüllbar",
    missing: "Abhängigkeiten sind nicht erfüllbar",
    broken: "Abhängigkeiten sind nicht erfüllbar seit {cause}",
    where: "Auf {architectures}",
    buildable: "{package} {version} in {place} lässt sich <v>wieder bauen</v>",
    installable: "{package} {version} in {place} lässt sich <v>wieder installieren</v>",
    lasted: "Es ging nicht seit {moment}",
    completed:
      "Prüfung der Abhängigkeiten ({type}) in {place}: <v>{found, plural, one {# neues Problem} other {# neue Probleme}}, {resolved, plural, other {# gelöst}}</v>",
    seeIssue: "Zum Problem",
    seeSuite: "Zur Suite",
  },
});

import { sentences } from "../../language/sentences.ts";

/** What events about images say. */
export const imageWords = sentences({
  en: {
    recipe: "<v>New image recipe</v> {name}: {image} ({variant})",
    for: "For {architectures}",
    added: "<v>Image to build</v>: {image} ({variant}) for {architecture}",
    waits: "nobody, it waits for a worker",
    built: "<v>Image built</v> on {architecture} and published: {image} ({variant})",
    failed: "<v>Image failed to build</v> on {architecture}: {image} ({variant})",
    keeper: "whoever looks after the images of {image}",
  },
  de: {
    recipe: "<v>Neues Rezept</v> {name} für Abbilder: {image} ({variant})",
    for: "Für {architectures}",
    added: "<v>Abbild zu bauen</v>: {image} ({variant}) für {architecture}",
    waits: "niemand, es wartet auf einen Worker",
    built: "<v>Abbild gebaut</v> auf {architecture} und veröffentlicht: {image} ({variant})",
    failed: "<v>Abbild nicht gebaut</v> auf {architecture}: {image} ({variant})",
    keeper: "wer die Abbilder von {image} betreut",
  },
});

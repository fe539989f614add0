import { z } from "zod";
import { declareEvent, type Story, type Subject } from "../../events/declare.ts";
import { architecture, architectures, code, seeJob, strong } from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import type { Inline } from "../../message.ts";
import { imageWords } from "./words.ts";

const Image = {
  format: z.string(),
  distribution: z.string(),
  suite: z.string(),
  environment: z.string(),
  style: z.string().nullish(),
};
const Job = { ...Image, architecture: z.string(), job_id: z.string() };
const AnyImage = z.looseObject(Image);
type Image = z.output<typeof AnyImage>;

export const recipeCreated = declareEvent({
  tag: "_lk.isotope.recipe-created",
  summary: "a recipe for images was added",
  schema: z.looseObject({ ...Image, name: z.string(), architectures: z.array(z.string()) }),
  audience: "people",
  subject,
  render: (data, { language }) => {
    const say = imageWords.in(language);
    return {
      tone: "neutral",
      headline: say("recipe", { ...image(data), name: code(data.name) }),
      answers: { state: "done", acts: eventWords.in(language)("nobody") },
      details: [say("for", { architectures: architectures(data.architectures, language) })],
    };
  },
});

export const buildJobAdded = declareEvent({
  tag: "_lk.isotope.build-job-added",
  summary: "an image was asked for; the architecture is the image's",
  schema: z.looseObject({ ...Job, name: z.string().optional() }),
  audience: "people",
  subject,
  story: (data) => jobStory(data.job_id, "asked for"),
  render: (data, reader) => {
    const say = imageWords.in(reader.language);
    return {
      tone: "neutral",
      headline: say("added", { ...image(data), architecture: architecture(data.architecture) }),
      answers: { state: "waiting", acts: say("waits") },
      ...seeJob(data.job_id, reader),
    };
  },
});

export const imageSuccess = declareEvent({
  tag: "_lk.isotope.image-build-success",
  summary: "an image was built and put in place; the architecture is the builder's",
  schema: z.looseObject(Job),
  audience: "people",
  subject,
  story: (data) => jobStory(data.job_id, "built"),
  render: (data, reader) => {
    const say = imageWords.in(reader.language);
    return {
      tone: "good",
      headline: say("built", { ...image(data), architecture: architecture(data.architecture) }),
      answers: { state: "done", acts: eventWords.in(reader.language)("nobody") },
      ...seeJob(data.job_id, reader),
    };
  },
});

export const imageFailed = declareEvent({
  tag: "_lk.isotope.image-build-failed",
  summary: "an image could not be built; the architecture is the builder's",
  schema: z.looseObject(Job),
  audience: "people",
  subject,
  story: (data) => jobStory(data.job_id, "failed"),
  render: (data, reader) => {
    const say = imageWords.in(reader.language);
    return {
      tone: "bad",
      headline: say("failed", { ...image(data), architecture: architecture(data.architecture) }),
      answers: { state: "failed", acts: say("keeper", image(data)) },
      ...seeJob(data.job_id, reader),
    };
  },
});

function subject(data: Image): Subject {
  return { suites: [data.suite] };
}

function jobStory(id: string, did: string): Story {
  return { object: `job/${id}`, continues: true, did };
}

/** `PureOS landing`, and `iso, gnome, live`. */
function image(data: Image): { image: Inline; variant: string } {
  const variant = [data.format, data.environment, data.style ?? ""].filter((part) => part !== "");
  return { image: strong(`${data.distribution} ${data.suite}`), variant: variant.join(", ") };
}

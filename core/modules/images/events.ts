import { z } from "zod";
import { declareEvent, type Story, type Subject } from "../../events/declare.ts";
import { architecture, architectures, code, line, seeJob, strong } from "../../events/phrases.ts";
import type { Inline } from "../../message.ts";

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
  render: (data) => ({
    tone: "neutral",
    headline: line`New image recipe ${code(data.name)}: ${image(data)}`,
    details: [line`For ${architectures(data.architectures)}`],
  }),
});

export const buildJobAdded = declareEvent({
  tag: "_lk.isotope.build-job-added",
  summary: "an image was asked for; the architecture is the image's",
  schema: z.looseObject({ ...Job, name: z.string().optional() }),
  audience: "people",
  subject,
  story: (data) => jobStory(data.job_id, "asked for"),
  render: (data, links) => ({
    tone: "neutral",
    headline: line`Image to build: ${image(data)} for ${architecture(data.architecture)}`,
    ...seeJob(data.job_id, links),
  }),
});

export const imageSuccess = declareEvent({
  tag: "_lk.isotope.image-build-success",
  summary: "an image was built and put in place; the architecture is the builder's",
  schema: z.looseObject(Job),
  audience: "people",
  subject,
  story: (data) => jobStory(data.job_id, "built"),
  render: (data, links) => ({
    tone: "good",
    headline: line`Image built on ${architecture(data.architecture)} and published: ${image(data)}`,
    ...seeJob(data.job_id, links),
  }),
});

export const imageFailed = declareEvent({
  tag: "_lk.isotope.image-build-failed",
  summary: "an image could not be built; the architecture is the builder's",
  schema: z.looseObject(Job),
  audience: "people",
  subject,
  story: (data) => jobStory(data.job_id, "failed"),
  render: (data, links) => ({
    tone: "bad",
    headline: line`Image failed to build on ${architecture(data.architecture)}: ${image(data)}`,
    ...seeJob(data.job_id, links),
  }),
});

function subject(data: Image): Subject {
  return { suites: [data.suite] };
}

function jobStory(id: string, did: string): Story {
  return { object: `job/${id}`, continues: true, did };
}

/** `PureOS landing (iso, gnome, live)`. */
function image(data: Image): Inline[] {
  const variant = [data.format, data.environment, data.style ?? ""].filter((part) => part !== "");
  return line`${strong(`${data.distribution} ${data.suite}`)} (${variant.join(", ")})`;
}

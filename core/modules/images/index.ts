import type { Module } from "../module.ts";
import { buildJobAdded, imageFailed, imageSuccess, recipeCreated } from "./events.ts";

export const images: Module = {
  name: "isotope",
  summary: "images of the operating system",
  events: [recipeCreated, buildJobAdded, imageSuccess, imageFailed],
};

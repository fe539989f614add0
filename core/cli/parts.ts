/** The long-running commands; each runs alone on its machine, `up` runs all of them. */
export const PARTS = {
  up: "everything in one process, with a room to talk to the bot in",
  lighthouse: "take in and publish signed events, and give jobs to build workers",
  scheduler: "run queued operations, and queue them by schedule and by events",
  hub: "tell people: Matrix, mail, the local room",
  bot: "answer what people type",
  web: "the page and the API",
} as const;

export type PartName = keyof typeof PARTS;

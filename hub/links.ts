import type { Settings } from "../core/config.ts";
import type { Links } from "../core/events/declare.ts";

/** Where links in messages lead: the public address of the page, or that of this machine. */
export function linksOf({ config }: Settings): Links {
  const { url, listen } = config.web;
  return { web: url === "" ? `http://${listen}` : url.replace(/\/+$/, "") };
}

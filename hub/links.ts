import type { Settings } from "../core/config.ts";
import type { Reader } from "../core/events/declare.ts";

/**
 * Who reads messages, unless more is known: links lead to the public address of the page, or that
 * of this machine; the language is that of the configuration.
 */
export function linksOf({ config }: Settings): Reader {
  const { url, listen } = config.web;
  const web = url === "" ? `http://${listen}` : url.replace(/\/+$/, "");
  return { web, language: config.hub.language };
}

import type { Viewer } from "../access.ts";
import type { Web } from "../web.ts";
import { type LivePart, livePart } from "./parts.ts";

/** Renders each part once for all pages that want it in the same round. */
export interface PartCache {
  find(id: string): LivePart | undefined;
  html(part: LivePart, viewer: Viewer): Promise<string>;
}

export function createPartCache(web: Web): PartCache {
  const now = new Date();
  const rendered = new Map<string, Promise<string>>();
  return {
    find: livePart,
    html(part, viewer) {
      // Parts differ by what the viewer may do and by nothing else.
      const key = `${viewer.role} ${part.id}`;
      const known = rendered.get(key);
      if (known !== undefined) return known;
      const fresh = part.render(web, viewer, now).then((html) => html.text);
      rendered.set(key, fresh);
      return fresh;
    },
  };
}

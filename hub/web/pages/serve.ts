import { iconOf } from "../../../core/modules/software/read.ts";
import { requireRole } from "../access.ts";
import { notFound } from "../failure.ts";
import { sendView, type Server, type ServerParts, viewerOf } from "../serving.ts";
import { FOREIGN_HEADERS } from "../headers.ts";
import { pages } from "./index.ts";
import { mailOf } from "./mail.ts";
import { checked, Digits } from "./page.ts";

/** Serves all pages of the list. */
export function addPages(server: Server, parts: ServerParts): void {
  for (const page of pages) {
    server.get(page.path, async (request, reply) => {
      const viewer = await viewerOf(parts, request);
      if (page.role !== undefined) requireRole(viewer, page.role);
      const view = await page.show(parts.web, {
        params: request.params as Record<string, string>,
        query: request.query as Record<string, string>,
        viewer,
        now: new Date(),
      });
      return sendView(reply, view, viewer, parts.assets);
    });
  }
}

/** The HTML part of a mail, for the frame on its page: a stranger's document, so it can do nothing. */
export function addForeignHtml(server: Server, parts: ServerParts): void {
  server.get("/mail/:id/html", async (request, reply) => {
    requireRole(await viewerOf(parts, request), "reader");
    const { id } = request.params as { id: string };
    const mail = await mailOf(checked(Digits, id));
    return reply
      .headers(FOREIGN_HEADERS)
      .type("text/html; charset=utf-8")
      .send(mail.html ?? "");
  });
}

/** Icons of software, each by the hash of its content: so a browser may keep it for ever. */
export function addIcons(server: Server): void {
  server.get("/software/icon/:sha256", async (request, reply) => {
    const { sha256 } = request.params as { sha256: string };
    const content = await iconOf(sha256);
    if (content === undefined) throw notFound("There is no such icon.", "Import its suite again.");
    // What the archive calls a picture is shown as one, whatever it holds.
    return reply
      .headers({ ...FOREIGN_HEADERS, "cache-control": "public, max-age=31536000, immutable" })
      .type("image/png")
      .send(content);
  });
}

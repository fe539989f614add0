import { createMetrics } from "./metrics.ts";
import type { Server, ServerParts } from "./serving.ts";

/** What supervisors and monitoring ask: is it alive, is it ready, what do the books say. */
export function addMachineRoutes(server: Server, { web }: ServerParts): void {
  const metrics = createMetrics(web);
  for (const path of ["/livez", "/healthz"]) server.get(path, () => ({ alive: true }));
  server.get("/readyz", async (_request, reply) => {
    const report = await web.health();
    return reply.code(report.ready ? 200 : 503).send(report);
  });
  server.get("/metrics", async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}

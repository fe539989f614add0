export type { HealthCheck } from "./health.ts";
export { createWeb, type WebOptions, type WebService } from "./service.ts";

import type { Environment } from "../../core/operation/declare.ts";
import type { HealthReport } from "./health.ts";

/** What pages, live parts and the API are given. */
export interface Web extends Environment {
  /** How all parts of the system are, now. */
  health(): Promise<HealthReport>;
  /** True while the demo archive is what there is to see. */
  demo: boolean;
}

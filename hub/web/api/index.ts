import { listEventsRoute, readEventRoute } from "./events.ts";
import { cancelOperationRoute, listOperationsRoute, readOperationRoute } from "./operations.ts";
import { listPackagesRoute, readPackageRoute } from "./packages.ts";
import { readRoomRoute, sayRoute } from "./room.ts";
import type { ApiRoute } from "./route.ts";
import { listSuitesRoute } from "./suites.ts";

/**
 * THE list of API addresses: one line each. Besides them, each operation of the registry has
 * POST /operations/NAME, and /events/stream and /openapi.json have forms of their own.
 */
export const apiRoutes: readonly ApiRoute[] = [
  listSuitesRoute,
  listPackagesRoute,
  readPackageRoute,
  listEventsRoute,
  readEventRoute,
  listOperationsRoute,
  readOperationRoute,
  cancelOperationRoute,
  readRoomRoute,
  sayRoute,
];

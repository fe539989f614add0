import type { Sequelize } from "sequelize";
import { defineAccess } from "./access.ts";
import { defineArchive } from "./archive.ts";
import { defineEvent } from "./event.ts";
import { defineJob } from "./job.ts";
import { defineMatrixState } from "./matrix-state.ts";
import { defineOperation } from "./operation.ts";

/** Defines all models on a connection; the lines between them are drawn here and nowhere else. */
export function defineModels(sequelize: Sequelize): void {
  defineEvent(sequelize);
  defineOperation(sequelize);
  defineAccess(sequelize);
  defineArchive(sequelize);
  defineJob(sequelize);
  defineMatrixState(sequelize);
}

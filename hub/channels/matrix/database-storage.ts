import { MatrixState } from "../../../core/model/matrix-state.ts";
import type { SessionStorage } from "./storage.ts";

/** Kept in the database, table `matrix_state`. */
export function databaseStorage(): SessionStorage {
  return {
    get: async (key) => (await MatrixState.findByPk(key))?.value,
    set: async (key, value) => {
      if (value === undefined) await MatrixState.destroy({ where: { key } });
      else await MatrixState.upsert({ key, value });
    },
  };
}

import type { Migration } from "../migrate.ts";
import { migration as frame } from "./001-frame.ts";

/** All steps of the schema in order. New ones go to the end; old ones never change. */
export const migrations: readonly Migration[] = [frame];

import { Op } from "sequelize";
import { Operation } from "../../../core/model/operation.ts";

/** What runs and waits, oldest first. */
export function openOperations(): Promise<Operation[]> {
  return Operation.findAll({
    where: { state: ["queued", "running"] },
    order: ["createdAt"],
    limit: 100,
  });
}

/** What ended, newest first. */
export function endedOperations(limit: number): Promise<Operation[]> {
  return Operation.findAll({
    where: { state: ["done", "failed", "cancelled"] },
    order: [["createdAt", "DESC"]],
    limit,
  });
}

/** One page of all operations, newest first. @param before only smaller numbers */
export function listOperations(before: string | undefined, limit: number): Promise<Operation[]> {
  return Operation.findAll({
    where: before === undefined ? {} : { number: { [Op.lt]: before } },
    order: [["number", "DESC"]],
    limit,
  });
}

/** The operation with the number that people type, or undefined. */
export async function operationByNumber(number: string): Promise<Operation | undefined> {
  return (await Operation.findOne({ where: { number } })) ?? undefined;
}

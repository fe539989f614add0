import { z } from "zod";
import { OperatorError } from "../../core/errors.ts";
import { Operation } from "../../core/model/operation.ts";
import { declareOperation } from "../../core/operation/declare.ts";
import { describeOperation } from "../../core/operation/describe.ts";

/** What an operation said at its end, again and whole. */
export const result = declareOperation({
  name: "result",
  summary: "how an operation ended, with all that it said",
  examples: ["result 12"],
  parameters: z.object({
    number: z
      .union([
        z.int().positive(),
        z.string().regex(/^#?[1-9]\d{0,17}$/, "a number as shown by queue"),
      ])
      .meta({ description: "the number shown by queue", positional: true, complete: "operation" }),
  }),
  role: "reader",
  kind: "answer",
  async run(_context, { number }) {
    const wanted = String(number).replace("#", "");
    const operation = await Operation.findOne({ where: { number: wanted } });
    if (operation === null) {
      throw new OperatorError(
        "NO_OPERATION",
        `There is no operation #${wanted}.`,
        "Type queue --all to see what ended lately.",
      );
    }
    const said = operation.answer?.messages ?? [];
    return { messages: [describeOperation(operation), ...said], data: operation.toJSON() };
  },
});

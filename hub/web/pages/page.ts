import { z } from "zod";
import { OperatorError } from "../../../core/errors.ts";
import type { Role } from "../../../core/operation/declare.ts";
import type { Viewer } from "../access.ts";
import type { View } from "../layout.ts";
import type { Web } from "../web.ts";

/** One page: a file here and a line in `index.ts`. */
export interface Page {
  /** As fastify takes it: `/package/src/:suite/:name`. */
  path: string;
  /** Needed to read it; without one everybody may. */
  role?: Role;
  /** @throws OperatorError, `NOT_FOUND` for one, which becomes a page of its own */
  show(web: Web, call: PageCall): Promise<View>;
}

export interface PageCall {
  params: Record<string, string>;
  query: Record<string, string>;
  viewer: Viewer;
  now: Date;
}

/** A number as people type it in an address. */
export const Digits = z.string().regex(/^\d{1,18}$/, "is not a number");
export const Uuid = z.guid("is not a UUID");
/** A search word; an empty field of a form is none. */
export const Word = z
  .string()
  .trim()
  .max(200, "is too long")
  .transform((text) => (text === "" ? undefined : text))
  .optional();

/** The parameters of an address, checked. @throws OperatorError `BAD_ARGUMENTS` */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw new OperatorError(
    "BAD_ARGUMENTS",
    `The address cannot be understood: ${faults.join("; ")}.`,
    "Correct it, or start from the dashboard.",
  );
}

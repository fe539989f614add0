import { z } from "zod";
import { PAGE_ROWS } from "../read/events.ts";

/** A number that is a place in a list. */
export const Place = z.string().regex(/^\d{1,18}$/, "is not a number");

/** How a list is asked for, page by page. */
export const Paging = z.object({
  before: Place.optional().meta({
    description: "only what comes after this in the list: `next` of the page before",
  }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_ROWS)
    .default(PAGE_ROWS)
    .meta({ description: "rows at most" }),
});

/** A page of a list. `next` is null on the last one. */
export function PageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** Cuts rows, of which one more was asked for than fits, to a page. */
export function pageOf<Row, Item>(
  rows: Row[],
  limit: number,
  toItem: (row: Row) => Item,
  placeOf: (row: Row) => string,
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? placeOf(last) : null;
  return { items: shown.map(toItem), next };
}

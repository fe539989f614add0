import { database } from "../../core/database/connect.ts";

/** What became of all that routing decided. `decided` is always the sum of the next five. */
export interface NoticeBooks {
  decided: number;
  told: number;
  held: number;
  collapsed: number;
  suppressed: number;
  /** Had nothing to say. */
  silent: number;
  /** Always 0: held in no bundle that will be told, or told in no delivery. */
  astray: number;
}

/** The books of all destinations. Deliveries that were told and expired are not astray. */
export async function noticeBooks(): Promise<NoticeBooks> {
  const [row] = await database().query<Record<keyof NoticeBooks, number>>(
    `select count(*)::integer as decided,
            (count(*) filter (where state = 'told'))::integer as told,
            (count(*) filter (where state = 'held'))::integer as held,
            (count(*) filter (where state = 'collapsed'))::integer as collapsed,
            (count(*) filter (where state = 'suppressed'))::integer as suppressed,
            (count(*) filter (where state = 'silent'))::integer as silent,
            (select count(*) from notice left join bundle on bundle.id = bundle_id
              where state = 'held' and (closed_at is not null or due_at is null))::integer
          + (count(*) filter (where state = 'told' and delivery_id is null))::integer as astray
       from notice`,
  );
  if (row === undefined) throw new Error("a count without a row");
  return row;
}

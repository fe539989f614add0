import { z } from "zod";
import { html } from "../../../core/html.ts";
import { mayRun } from "../../../core/operation/ask.ts";
import { operationList } from "../parts/operation.ts";
import { pager } from "../parts/pager.ts";
import { listOperations } from "../read/operations.ts";
import { checked, Digits, type Page } from "./page.ts";

const ROWS = 50;
const Query = z.object({ before: Digits.optional() });

/** All operations, newest first. */
export const operationsPage: Page = {
  path: "/operations",
  async show(_web, call) {
    const query = checked(Query, call.query);
    const found = await listOperations(query.before, ROWS + 1);
    const operations = found.slice(0, ROWS);
    const olderThan = found.length > ROWS ? operations.at(-1)?.number : undefined;
    return {
      title: "Operations",
      section: "operations",
      main: html`<h1>Operations</h1>
        <div class="panel">
          ${
            operations.length === 0
              ? html`<p class="empty">
                  Nothing was asked for yet. Type <code>help</code> in the <a href="/">room</a>.
                </p>`
              : operationList(operations, mayRun(call.viewer.role, "operator"), call.now)
          }
        </div>
        ${pager("/operations", query, olderThan)}`,
    };
  },
};

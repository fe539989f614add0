import { html } from "../../../core/html.ts";
import { mayRun } from "../../../core/operation/ask.ts";
import { isFinished } from "../../../core/operation/queue.ts";
import { notFound } from "../failure.ts";
import { operationDetails, operationTitle } from "../parts/operation.ts";
import { operationByNumber } from "../read/operations.ts";
import { checked, Digits, type Page } from "./page.ts";

/** One operation: progress while it runs, then its answer. */
export const operationPage: Page = {
  path: "/operations/:number",
  async show(_web, { params, viewer, now }) {
    const number = checked(Digits, params["number"]);
    const operation = await operationByNumber(number);
    if (operation === undefined) {
      throw notFound(`There is no operation #${number}.`, "See all of them: /operations");
    }
    const id = `operation-${operation.number}`;
    return {
      title: `${operation.name} #${operation.number}`,
      section: "operations",
      ...(isFinished(operation.state)
        ? {}
        : { live: new URLSearchParams({ watch: id, since: "0.0" }) }),
      main: html`<p class="crumbs"><a href="/operations">Operations</a></p>
        <h1>${operationTitle(operation)} <span class="quiet">#${operation.number}</span></h1>
        <div id="${id}" class="panel">
          ${operationDetails(operation, mayRun(viewer.role, "operator"), now)}
        </div>`,
    };
  },
};

import { html, type Safe } from "../../../core/html.ts";
import { visible } from "../../../core/message.ts";
import type { Failure } from "../failure.ts";
import type { View } from "../layout.ts";

const TITLES: Record<number, string> = {
  400: "That was not understood",
  401: "Not for everybody",
  403: "Not allowed",
  404: "Nothing is here",
  421: "Wrong address",
};

/** What a person sees when a page cannot be shown: what happened, and the next step. */
export function failureView(failure: Failure): View {
  const title =
    TITLES[failure.status] ?? (failure.status < 500 ? "That did not work" : "Our fault");
  return {
    title,
    status: failure.status,
    main: html`<div class="failure">
      <p class="code">${failure.status}</p>
      <h1>${title}</h1>
      <p>${visible(failure.message)}</p>
      ${failure.hint === undefined ? "" : html`<p class="next">${linked(failure.hint)}</p>`}
      <p><a href="/">To the dashboard</a></p>
    </div>`,
  };
}

/** A hint whose last word is a path of ours becomes a link. */
function linked(hint: string): Safe {
  const [, words, path] = /^(.*?)(\/[a-z0-9/?=%+.-]*)$/.exec(visible(hint)) ?? [];
  return path === undefined ? html`${visible(hint)}` : html`${words}<a href="${path}">${path}</a>`;
}

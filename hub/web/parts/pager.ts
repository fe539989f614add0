import { html, type Safe } from "../../../core/html.ts";

/** Links to the newest and to older rows, with the rest of the address kept. */
export function pager(
  path: string,
  query: Record<string, string | undefined>,
  olderThan: string | undefined,
): Safe {
  const isFirst = query["before"] === undefined;
  if (isFirst && olderThan === undefined) return html``;
  return html`<nav class="pager" aria-label="Pages">
    ${isFirst ? "" : html`<a href="${address(path, { ...query, before: undefined })}">Newest</a>`}
    ${
      olderThan === undefined
        ? ""
        : html`<a rel="next" href="${address(path, { ...query, before: olderThan })}">Older</a>`
    }
  </nav>`;
}

function address(path: string, query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] =>
    Boolean(entry[1]),
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

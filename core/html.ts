/** Text that is HTML already. Only `html` makes it, so what is not Safe gets escaped. */
export class Safe {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type HtmlValue = Safe | string | number | bigint | boolean | null | undefined | HtmlValue[];

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for element content and for quoted attribute values. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/**
 * Template tag for HTML: every value is escaped unless it is HTML made by this tag; arrays are
 * joined; null, undefined and false vanish. Shared by the web, mail and Matrix bodies, so that
 * there is one place where data becomes markup.
 */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Safe {
  let text = strings[0] ?? "";
  values.forEach((value, index) => {
    text += render(value) + (strings[index + 1] ?? "");
  });
  return new Safe(text);
}

/** Joins fragments with a separator, as Array.join does for strings. */
export function joinHtml(fragments: HtmlValue[], separator: HtmlValue = ""): Safe {
  return new Safe(fragments.map(render).join(render(separator)));
}

function render(value: HtmlValue): string {
  if (value instanceof Safe) return value.text;
  if (Array.isArray(value)) return value.map(render).join("");
  if (value === null || value === undefined || value === false || value === true) return "";
  return escapeHtml(String(value));
}

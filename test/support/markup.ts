import { type DefaultTreeAdapterMap, parseFragment } from "parse5";

type Node = DefaultTreeAdapterMap["node"];
type Element = DefaultTreeAdapterMap["element"];

/** What may stand in a piece of HTML: for each tag the attributes, with what they may hold. */
export type Allowed = Record<string, Record<string, RegExp>>;

const OUR_PAGES = /^https:\/\/lk\.example\.org\/[A-Za-z0-9\-_.!~*'()%/]+$/;

/** What our Matrix messages need of what Matrix allows (client-server API, 11.2.1.1). */
export const MATRIX_MARKUP: Allowed = {
  p: {},
  ul: {},
  li: {},
  b: {},
  br: {},
  code: {},
  blockquote: {},
  span: { "data-mx-color": /^#[0-9a-f]{6}$/ },
  a: { href: OUR_PAGES },
};

/** What messages are on a page of ours. */
export const PAGE_MARKUP: Allowed = {
  div: { class: /^message (good|bad|attention|neutral)$/ },
  p: { class: /^(headline|next)$/ },
  span: {
    class: /^(mark (good|bad|attention|neutral)|unseen|label|version|architecture)$/,
    "aria-hidden": /^true$/,
  },
  ul: { class: /^details$/ },
  pre: { class: /^quote$/ },
  li: {},
  strong: {},
  code: {},
  a: { href: OUR_PAGES },
};

/** Tags and attributes that are not allowed, as the parser of the HTML standard reads the text. */
export function foreignMarkup(html: string, allowed: Allowed): string[] {
  const faults: string[] = [];
  const fragment = parseFragment(html, {
    onParseError: ({ code }) => {
      faults.push(`parse error ${code}`);
    },
  });
  walk(fragment, (node) => {
    if (node.nodeName.startsWith("#") && node.nodeName !== "#comment") return;
    const rules = allowed[node.nodeName];
    if (rules === undefined) {
      faults.push(`<${node.nodeName}>`);
      return;
    }
    for (const { name, value } of (node as Element).attrs) {
      if (rules[name]?.test(value) !== true) faults.push(`${node.nodeName} ${name}=${value}`);
    }
  });
  return faults;
}

/** What a reader sees of a Matrix message, laid out as its plain text is. */
export function readMatrixHtml(html: string): string {
  const lines: string[] = [];
  for (const block of elements(parseFragment(html))) {
    if (block.nodeName === "ul") {
      lines.push(...elements(block).map((item) => `  ${visibleText(item)}`));
    } else if (block.nodeName === "blockquote") {
      lines.push(
        ...visibleText(block)
          .split("\n")
          .map((text) => `  | ${text}`),
      );
    } else {
      const text = visibleText(block);
      lines.push(text.startsWith("→ ") ? `  ${text}` : text);
    }
  }
  return lines.join("\n");
}

function visibleText(node: Node): string {
  if (node.nodeName === "#text" && "value" in node) return node.value;
  if (node.nodeName === "br") return "\n";
  const text = "childNodes" in node ? node.childNodes.map(visibleText).join("") : "";
  if (!("tagName" in node) || node.tagName !== "a") return text;
  const href = node.attrs.find(({ name }) => name === "href")?.value ?? "";
  return `${text} <${href}>`;
}

function elements(node: Node): Element[] {
  return "childNodes" in node
    ? node.childNodes.filter((child): child is Element => "tagName" in child)
    : [];
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  if ("childNodes" in node) for (const child of node.childNodes) walk(child, visit);
}

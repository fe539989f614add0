/**
 * The text of an AppStream description, without its markup: paragraphs apart, items of lists
 * behind a dash (AppStream specification, "description").
 */
export function plainText(markup: string): string {
  return markup
    .replace(/\s+/g, " ")
    .replace(/ ?<li> ?/g, "\n- ")
    .replace(/ ?<\/?(p|ul|ol)> ?/g, "\n\n")
    .replace(/<[^>]*>/g, "")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, "&")
    .replace(/ *\n */g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

import { LINE_CHARACTERS, type Message, MESSAGE_LINES, renderText } from "../../core/message.ts";
import { noticeContent } from "../../hub/channels/matrix/content.ts";
import { messageHtml } from "../../hub/web/parts/message.ts";
import { foreignMarkup, MATRIX_MARKUP, PAGE_MARKUP, readMatrixHtml } from "./markup.ts";

/** Whatever steers a terminal, turns the reading direction, hides, or is no character at all. */
const HARMFUL =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\uffff\u{e0000}-\u{e007f}\p{Surrogate}]/u;

/** What is wrong with a message of hostile data, wherever it is read; empty when nothing is. */
export function messageFaults(message: Message): string[] {
  return [...textFaults(renderText(message)), ...matrixFaults(message), ...pageFaults(message)];
}

function textFaults(text: string): string[] {
  const lines = text.split("\n");
  const long = lines.filter((line) => line.replaceAll(/ <https:[^<>]*>/g, "").length > LONGEST);
  return [
    ...(HARMFUL.test(text) ? ["text: control characters"] : []),
    ...(lines.length > MESSAGE_LINES ? [`text: ${lines.length} lines`] : []),
    ...long.map((line) => `text: a line of ${line.length} characters`),
    ...lines
      .slice(1)
      .flatMap((line) => (/^ {2}\S/.test(line) ? [] : [`text: a line begins ${line}`])),
  ];
}

/** With the label before it. */
const LONGEST = LINE_CHARACTERS + 40;

function matrixFaults(message: Message): string[] {
  const content = noticeContent({ message }, "txn") as {
    msgtype: string;
    body: string;
    formatted_body: string;
    "m.mentions": unknown;
  };
  const html = content.formatted_body;
  const [seen, said] = [readMatrixHtml(html), content.body].map((text) =>
    text.replaceAll(/[^\S\n]+/g, " ").replaceAll(/ +$/gm, ""),
  );
  return [
    ...foreignMarkup(html, MATRIX_MARKUP).map((fault) => `matrix: ${fault}`),
    ...(HARMFUL.test(html) ? ["matrix: control characters"] : []),
    ...(seen === said ? [] : [`matrix: ${JSON.stringify(seen)} is not ${JSON.stringify(said)}`]),
    ...(content.msgtype === "m.notice" ? [] : [`matrix: ${content.msgtype}`]),
    ...(JSON.stringify(content["m.mentions"]) === "{}" ? [] : ["matrix: it mentions somebody"]),
    ...(Buffer.byteLength(JSON.stringify(content)) > 60 * 1024 ? ["matrix: too large"] : []),
  ];
}

function pageFaults(message: Message): string[] {
  const html = messageHtml(message).text;
  return [
    ...foreignMarkup(html, PAGE_MARKUP).map((fault) => `page: ${fault}`),
    ...(HARMFUL.test(html) ? ["page: control characters"] : []),
  ];
}

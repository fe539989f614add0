/** What the system says to people; see message/README.md. */
export {
  bounded,
  LINE_CHARACTERS,
  MESSAGE_LINES,
  PROOF_LINES,
  shortList,
} from "./message/bound.ts";
export { type Dialect, renderHtml } from "./message/html.ts";
export { type Block, layout, type Line } from "./message/layout.ts";
export { plainLine } from "./message/line.ts";
export {
  type Answers,
  type Inline,
  isWebAddress,
  type Message,
  type State,
  type Table,
  type Tone,
  toneMark,
} from "./message/message.ts";
export { itemOf, type Summary, summaryMessage, withSharedCause } from "./message/summary.ts";
export { renderText } from "./message/text.ts";
export { visible } from "./message/visible.ts";

import type { ParsedMail } from "mailparser";
import { visible } from "../../core/message.ts";

/** What a report says of one recipient (RFC 3464 section 2.3). */
export interface RecipientReport {
  action: "failed" | "delayed" | "delivered" | "relayed" | "expanded";
  /** RFC 3463: class, subject, detail. */
  status: string;
  /** What the mail server said, one line of at most 300 characters. */
  diagnostic: string;
}

const ACTIONS = ["failed", "delayed", "delivered", "relayed", "expanded"] as const;
const MOST_RECIPIENTS = 100;

/**
 * Reads a report about deliveries out of a mail: the part `message/delivery-status` of RFC 3464.
 * Mail without such a part is none, whatever its text says.
 *
 * @param mail parsed with `keepDeliveryStatus`
 */
export function readDeliveryReport(mail: ParsedMail): RecipientReport[] | undefined {
  const part = mail.attachments.find((one) => one.contentType === "message/delivery-status");
  return part === undefined ? undefined : parseDeliveryStatus(part.content.toString("utf8"));
}

/** The groups of recipients of a `message/delivery-status`; what is not well formed is left out. */
export function parseDeliveryStatus(text: string): RecipientReport[] {
  const groups = text
    .replaceAll("\r\n", "\n")
    .split(/\n[ \t]*\n/)
    .slice(0, MOST_RECIPIENTS + 1);
  return groups.flatMap((group) => readGroup(fieldsOf(group)) ?? []);
}

function readGroup(fields: ReadonlyMap<string, string>): RecipientReport | undefined {
  const said = withoutComments(fields.get("action") ?? "").toLowerCase();
  const action = ACTIONS.find((one) => one === said);
  const [status] = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(fields.get("status") ?? "") ?? [];
  if (action === undefined || status === undefined) return undefined;
  const [, diagnostic = ""] = /^(?:[^;]*;)?(.*)$/s.exec(fields.get("diagnostic-code") ?? "") ?? [];
  return {
    action,
    status,
    diagnostic: visible(diagnostic).replace(/\s+/g, " ").trim().slice(0, 300),
  };
}

function withoutComments(text: string): string {
  return text.replace(/\([^()]*\)/g, "").trim();
}

/** Names in lower case, values unfolded; of several with one name the first. */
function fieldsOf(group: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of group.replace(/\n[ \t]+/g, " ").split("\n")) {
    const [, name, value = ""] = /^([!-9;-~]+)[ \t]*:(.*)$/.exec(line) ?? [];
    if (name !== undefined && !fields.has(name.toLowerCase())) {
      fields.set(name.toLowerCase(), value.trim());
    }
  }
  return fields;
}

/**
 * What a status says of the address. hard: there is no such address, or no way to it. soft: it is
 * there, but was full, busy, or did not want this mail (its size, its content, a policy), of which
 * the address is not guilty.
 *
 * @param status of a delivery that failed
 */
export function bounceKind(status: string): "hard" | "soft" {
  // RFC 3463: X.2.2 mailbox full, X.2.3 and X.3.4 too big, X.6.* content, X.7.* policy.
  const blameless = /^5\.(2\.[23]|3\.4|6\.\d+|7\.\d+)$/.test(status);
  return status.startsWith("5.") && !blameless ? "hard" : "soft";
}

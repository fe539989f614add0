import type { ParsedMail } from "mailparser";

/**
 * Why a mail must not be answered, or undefined when a person seems to have written it: RFC 3834
 * section 2 (Auto-Submitted, null sender, Precedence), mail of lists (RFC 2369, RFC 2919), reports,
 * and whatever carries our own mark.
 *
 * @param sender of the envelope
 * @param ours our own addresses, in lower case
 */
export function whyAutomatic(
  mail: ParsedMail,
  sender: string | undefined,
  ours: readonly string[],
): string | undefined {
  const submitted = header(mail, "auto-submitted").split(";")[0]?.trim() ?? "";
  if (submitted !== "" && submitted !== "no") return `it says Auto-Submitted: ${submitted}`;
  if (/^(bulk|junk|list|auto_reply)$/.test(header(mail, "precedence"))) return "it is bulk mail";
  if (/^multipart\/report|^message\//.test(contentType(mail))) return "it is a report";
  const lists = [
    "list",
    "list-id",
    "list-unsubscribe",
    "feedback-id",
    "x-autoreply",
    "x-autorespond",
  ];
  if (lists.some((name) => mail.headers.has(name))) return "it comes from a list or a robot";
  if (ours.some((address) => header(mail, "x-loop").includes(address))) return "it came from us";
  const [author] = authors(mail);
  if (author === undefined) return "it has no author, or several";
  if (ours.includes(author.toLowerCase())) return "it claims to come from us";
  if (sender === "") return "nobody is to be answered";
  if (/^(mailer-daemon|postmaster|no-?reply|owner-.*|.*-(owner|request|bounces))@/i.test(author)) {
    return "its author is a program";
  }
  return undefined;
}

/** The one address that a mail is from; empty when it names none or several. */
export function authors(mail: ParsedMail): string[] {
  const named = (mail.from?.value ?? []).flatMap(({ address, group }) => [
    ...(address === undefined || address === "" ? [] : [address]),
    ...(group ?? []).flatMap((member) => member.address ?? []),
  ]);
  return named.length === 1 ? named : [];
}

function header(mail: ParsedMail, name: string): string {
  const value = mail.headers.get(name);
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" ? first.toLowerCase().trim() : "";
}

function contentType(mail: ParsedMail): string {
  const value = mail.headers.get("content-type");
  if (typeof value !== "object" || !("value" in value)) return "";
  return typeof value.value === "string" ? value.value.toLowerCase() : "";
}

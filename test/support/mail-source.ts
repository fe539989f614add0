import { execFileSync } from "node:child_process";
import MailComposer from "nodemailer/lib/mail-composer";
import type { Outgoing } from "../../hub/channels/channel.ts";
import { composeMail } from "../../hub/channels/email/compose.ts";
import type { Letterhead } from "../../hub/channels/email/headers.ts";

/** Python's parser is not ours and not nodemailer's: what it sees, others see. */
const PARSER = `
import email, email.policy, json, sys
result = []
for source in json.load(sys.stdin):
    raw = source.encode("latin-1")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    compat = email.message_from_bytes(raw)
    result.append({
        "headers": sorted(name.lower() for name in message.keys()),
        "compat": sorted(name.lower() for name in compat.keys()),
        "subject": str(message["subject"]),
        "values": [str(message[name]) for name in message.keys() if name.lower() not in ("date",)],
        "parts": [part.get_content_type() for part in message.walk()],
        "text": message.get_body(("plain",)).get_content(),
        "html": message.get_body(("html",)).get_content(),
        "longest": max(len(line) for line in raw.split(b"\\n")),
        "defects": [type(one).__name__ for part in message.walk() for one in part.defects],
    })
json.dump(result, sys.stdout)
`;

/** A mail as Python sees it. */
export interface Seen {
  headers: string[];
  compat: string[];
  subject: string;
  values: string[];
  parts: string[];
  text: string;
  html: string;
  longest: number;
  defects: string[];
}

/** What goes over the wire for a delivery, each byte a character. */
export async function mailSource(outgoing: Outgoing, letterhead: Letterhead): Promise<string> {
  const { from } = letterhead;
  const { inReplyTo: _none, replyTo: _neither, ...mail } = composeMail(outgoing, letterhead);
  const composer = new MailComposer({
    ...mail,
    from,
    to: { name: "", address: outgoing.address },
    textEncoding: "quoted-printable",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return (await composer.compile().build()).toString("latin1");
}

/** What Python's parser sees in mails. */
export function seenByPython(sources: readonly string[]): Seen[] {
  const input = JSON.stringify(sources);
  const output = execFileSync("/usr/bin/python3", ["-c", PARSER], { input, maxBuffer: 1 << 30 });
  return JSON.parse(output.toString()) as Seen[];
}

/** What is wrong with a mail that holds hostile data, compared with the same one without. */
export function mailFaults(mail: Seen, plain: Seen): string[] {
  const added = mail.headers.filter((name) => !plain.headers.includes(name));
  return [
    // A value that is nothing but blanks may leave its header out; none may be added.
    ...added.map((name) => `has the header ${name}`),
    ...(new Set(mail.headers).size === mail.headers.length ? [] : ["has a header twice"]),
    ...(mail.compat.join() === mail.headers.join() ? [] : ["is read in two ways"]),
    ...(mail.parts.join() === "multipart/alternative,text/plain,text/html"
      ? []
      : ["has other parts"]),
    ...mail.defects,
    ...(mail.longest <= 998 ? [] : [`has a line of ${mail.longest} octets`]),
    ...(Array.from(mail.subject).length <= 120 ? [] : ["has a long subject"]),
    ...mail.values
      .filter((value) => /[\r\n\0\u0085\u2028\u2029\u202e]/.test(value))
      .map((value) => `has the value ${JSON.stringify(value)}`),
    ...(/<(script|img|style|iframe|svg|form|h1)\b|href=["']?(javascript|data):/i.test(mail.html)
      ? ["has foreign markup"]
      : []),
    ...(/[\0\u202e\u001b]/.test(mail.text) ? ["has control characters"] : []),
  ];
}

import test from "ava";
import type { Message } from "../../../../core/message.ts";
import type { DeliverySubject, Outgoing } from "../../../../hub/channels/channel.ts";
import { composeMail } from "../../../../hub/channels/email/compose.ts";
import { headerText } from "../../../../hub/channels/email/headers.ts";
import { createSeals } from "../../../../hub/mail/seals.ts";
import { mailFaults, mailSource, seenByPython } from "../../../support/mail-source.ts";
import { deliveryOfToken, unsubscribeToken } from "../../../../hub/mail/tokens.ts";

const letterhead = {
  from: { name: "Example OS", address: "laniakea@example.org" },
  web: "https://lk.example.org",
  control: "control@example.org",
  seals: createSeals(["secret".repeat(8)]),
};

function delivery(message: Message, subject: DeliverySubject = {}, part: Partial<Outgoing> = {}) {
  return {
    id: "6e1b3a50-2b7e-4c0e-9a57-111111111111",
    destination: "email:anna@example.org",
    address: "anna@example.org",
    message,
    subject,
    reason: "route 3 of @admin:example.org",
    final: true,
    attempt: 1,
    createdAt: new Date("2026-11-22T10:00:00Z"),
    ...part,
  } satisfies Outgoing;
}

const built: Message = {
  tone: "bad",
  headline: ["Build of ", { strong: "bash" }, " failed"],
  quote: "gcc: error",
};

test("a mail carries the headers that Laniakea's Mailgun sends", (t) => {
  const subject = {
    tag: "_lk.archive.package-build-failed",
    repository: "master",
    packages: ["bash"],
  };
  const mail = composeMail(delivery(built, subject), letterhead);
  const token = unsubscribeToken(delivery(built).id, letterhead.seals);
  t.is(deliveryOfToken(token, letterhead.seals), delivery(built).id);
  t.is(mail.subject, "❌ Build of bash failed");
  t.is(mail.messageId, "<6e1b3a50-2b7e-4c0e-9a57-111111111111@example.org>");
  t.deepEqual(mail.headers, {
    "X-Laniakea-Project": "Example OS",
    "X-Laniakea-Repo": "master",
    "X-Laniakea-Package": "bash",
    "X-Laniakea-Event": "_lk.archive.package-build-failed",
    "X-Laniakea-Reason": "route 3 of @admin:example.org",
    "X-Loop": "control@example.org",
    "List-Id": "Example OS: bash <bash.master.package.example.org>",
    "List-Unsubscribe": `<https://lk.example.org/unsubscribe/${token}>, <mailto:control@example.org?subject=unsubscribe%20${token}>`,
    "List-Help": "<mailto:control@example.org?subject=help>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    Precedence: "bulk",
    "Auto-Submitted": "auto-generated",
  });
});

test("mails about one package of one repository are one thread", (t) => {
  const references = (subject: DeliverySubject): string[] =>
    composeMail(delivery(built, subject), letterhead).references;
  const bash = { repository: "master", packages: ["bash"] };
  t.deepEqual(references(bash), references({ ...bash, tag: "_lk.other" }));
  t.notDeepEqual(references(bash), references({ ...bash, packages: ["zsh"] }));
  t.notDeepEqual(references(bash), references({ ...bash, repository: "extra" }));
  t.deepEqual(references({}), []);
});

test("what is told of one build is a thread within that of its package", (t) => {
  const references = (subject: DeliverySubject): string[] =>
    composeMail(delivery(built, subject), letterhead).references;
  const bash = { repository: "master", packages: ["bash"] };
  const [root, build] = references({ ...bash, object: "job/1" });
  t.deepEqual(references(bash), [root ?? ""]);
  t.deepEqual(references({ ...bash, object: "job/2" }).slice(0, 1), [root ?? ""]);
  t.notDeepEqual(references({ ...bash, object: "job/2" })[1], build);
  t.regex(root ?? "", /^<package\.[0-9a-f]{32}@example\.org>$/);
});

test("news of no package are a thread for each kind", (t) => {
  const references = (tag: string): string[] =>
    composeMail(delivery(built, { tag }), letterhead).references;
  t.is(references("_lk.debcheck.issue-found").length, 1);
  t.deepEqual(references("_lk.debcheck.issue-found"), references("_lk.debcheck.issue-gone"));
  t.notDeepEqual(references("_lk.debcheck.issue-found"), references("_lk.jobs.job-finished"));
});

for (const [subject, id] of [
  [{ packages: ["bash"], repository: "master" }, "bash.master.package.example.org"],
  [{ packages: ["libstdc++6"], repository: "Mäster/x" }, "libstdc++6.m-ster-x.package.example.org"],
  [{ packages: ["..a..b.."] }, "a.b.package.example.org"],
  [{ packages: ["<>\r\n"] }, "package.example.org"],
  [{ tag: "_lk.debcheck.issue-found" }, "debcheck.news.example.org"],
  [{}, "news.example.org"],
] as const) {
  test(`the list of ${JSON.stringify(subject)} is ${id}`, (t) => {
    const { headers } = composeMail(delivery(built, subject as DeliverySubject), letterhead);
    t.regex(headers["List-Id"] ?? "", new RegExp(`<${id.replace(/[.+]/g, "\\$&")}>$`));
  });
}

test("without https no mail reader is told that one click does it", (t) => {
  const here = { ...letterhead, web: "http://127.0.0.1:8470", control: "" };
  const { headers } = composeMail(delivery(built), here);
  t.regex(
    headers["List-Unsubscribe"] ?? "",
    /^<http:\/\/127\.0\.0\.1:8470\/unsubscribe\/[\w-]{43}>$/,
  );
  t.is(headers["List-Unsubscribe-Post"], undefined);
  t.is(headers["List-Help"], undefined);
});

test("an answer is marked as one, and nothing to unsubscribe from", (t) => {
  const answer = delivery(built, { answer: true }, { replyTo: "<question@example.net>" });
  const mail = composeMail(answer, letterhead);
  t.is(mail.headers["Auto-Submitted"], "auto-replied");
  t.deepEqual(
    Object.keys(mail.headers).filter((name) => name.startsWith("List-")),
    [],
  );
  t.is(mail.inReplyTo, "<question@example.net>");
  t.is(mail.replyTo, "control@example.org");
  const broken = composeMail({ ...answer, replyTo: "<a b>\r\nBcc: x" }, letterhead);
  t.is(broken.inReplyTo, undefined);
  t.notRegex(mail.text, /unsubscribe/);
});

test("a final edit answers the mail that it cannot change", (t) => {
  const mail = composeMail(delivery(built, {}, { edits: { id: "original" } }), letterhead);
  t.is(mail.inReplyTo, "<original@example.org>");
  t.deepEqual(mail.references, ["<original@example.org>"]);
});

test("an announcement has its own subject and passes list software", (t) => {
  const subject = {
    title: "[master] Accepted bash 5.3-1 into sid",
    label: "package-accepted",
    announcement: true,
  };
  const mail = composeMail(delivery(built, subject), letterhead);
  t.is(mail.subject, subject.title);
  t.is(mail.headers["X-Laniakea-Event"], "package-accepted");
  t.is(mail.headers["Auto-Submitted"], undefined);
});

test("text and HTML say the same, why it came, and how to end it", (t) => {
  const token = unsubscribeToken(delivery(built).id, letterhead.seals);
  const mail = composeMail(delivery(built), letterhead);
  t.is(
    mail.text,
    [
      "❌ Build of bash failed",
      "  | gcc: error",
      "",
      "-- ",
      "Example OS, https://lk.example.org",
      "You get this because: route 3 of @admin:example.org",
      `To end it: https://lk.example.org/unsubscribe/${token}`,
      "",
    ].join("\n"),
  );
  t.regex(mail.html, /<b>bash<\/b>/);
  t.regex(mail.html, /You get this because: route 3/);
});

test("a subject is one line of at most 120 characters", (t) => {
  const long = { tone: "neutral", headline: ["x\n".repeat(400), "😀".repeat(200)] } as const;
  const { subject } = composeMail(delivery({ ...long, headline: [...long.headline] }), letterhead);
  t.is(Array.from(subject).length, 120);
  t.notRegex(subject, /\n|\p{Surrogate}/u);
  t.is(headerText("a".repeat(120), 120), "a".repeat(120));
});

/** Every place of a mail that data can reach. */
function poisoned(data: string): Outgoing {
  return delivery(
    {
      tone: "neutral",
      headline: [data, { strong: data }, { code: data }, { link: data, to: data }],
      details: [[data], [{ version: data }], [{ architecture: data }]],
      quote: data,
      table: { columns: [data], rows: [[data]] },
      next: [data],
    },
    {
      tag: data,
      event: data,
      repository: data,
      suites: [data],
      packages: [data, data],
      title: data,
      label: data,
    },
    { reason: data },
  );
}

const ATTACKS = [
  "a\r\nBcc: eve@example.net",
  "a\nBcc: eve@example.net",
  "a\rBcc: eve@example.net",
  "a\r\n\r\n<script>alert(1)</script>",
  "a\0b\r\nX-Evil: 1",
  "a\u0085Bcc: eve@example.net",
  "a\u2028Bcc: eve@example.net",
  "a\u2029X-Evil: 1",
  "a\v\fX-Evil: 1",
  "\u202egro.elpmaxe@eve\u202c",
  "=?utf-8?q?a=0D=0ABcc:_eve@example.net?=",
  "=?utf-8?b?YQ0KQmNjOiBldmVAZXhhbXBsZS5uZXQ=?=",
  "<img src=x onerror=alert(1)>",
  '"><script>alert(1)</script>',
  "]]></style><script>alert(1)</script>",
  "\r\n.\r\nMAIL FROM:<eve@example.net>\r\n",
  "--boundary\r\nContent-Type: text/html\r\n\r\nx",
  `${"long".repeat(600)}\r\nBcc: eve@example.net`,
  "javascript:alert(1)",
  "\ud800\r\nBcc: eve@example.net",
  "é\r\nBcc: eve@example.net",
  "😀\nX-Evil: 1",
  " \r\n\tBcc: eve@example.net",
];

test("no data in any field can add a header, a part or markup", async (t) => {
  const sources = [await mailSource(poisoned("plain"), letterhead)];
  for (const attack of ATTACKS) sources.push(await mailSource(poisoned(attack), letterhead));
  const [plain, ...attacked] = seenByPython(sources);
  t.is(attacked.length, ATTACKS.length);
  for (const [index, mail] of attacked.entries()) {
    const faults = plain === undefined ? ["nothing to compare with"] : mailFaults(mail, plain);
    t.deepEqual(faults, [], JSON.stringify(ATTACKS[index]));
  }
});

test("a mail speaks the language of its message, and names the verdict for programs", (t) => {
  const message: Message = {
    tone: "bad",
    headline: ["bash baut nicht"],
    language: "de",
    answers: { state: "failed" },
  };
  const mail = composeMail(delivery(message), letterhead);
  t.regex(mail.text, /Sie erhalten dies, weil: /);
  t.true(mail.html.includes('<html lang="de">'));
  t.is(mail.headers["X-Laniakea-Verdict"], "failed");
});

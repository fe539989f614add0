import test from "ava";
import { simpleParser } from "mailparser";
import {
  bounceKind,
  parseDeliveryStatus,
  readDeliveryReport,
} from "../../../hub/mail/delivery-report.ts";

/** As mail servers in the field write them. */
const STATUS = {
  postfix: `Reporting-MTA: dns; mail.example.org
X-Postfix-Queue-ID: 4XyZ
Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0000 (UTC)

Final-Recipient: rfc822; gone@example.net
Original-Recipient: rfc822;gone@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 <gone@example.net>: Recipient address rejected: User
    unknown in local recipient table
`,
  exim: `Reporting-MTA: dns; mail.example.org

Action: failed
Final-Recipient: rfc822;gone@example.net
Status: 5.0.0
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 Unrouteable address
`,
  exchange: `Reporting-MTA: dns;EX01.example.com\r
Received-From-MTA: dns;mail.example.org\r
\r
Original-Recipient: rfc822;gone@example.com\r
Final-Recipient: rfc822;gone@example.com\r
Action: failed (expired)\r
Status: 4.4.7\r
Diagnostic-Code: smtp;550 4.4.7 QUEUE.Expired; message expired\r
`,
  delayed: `Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; slow@example.net
Action: delayed
Status: 4.4.1
Diagnostic-Code: smtp; connect: connection timed out
Will-Retry-Until: Wed, 25 Nov 2026 10:00:00 +0000
`,
};

for (const [server, expected] of [
  [
    "postfix",
    {
      action: "failed",
      status: "5.1.1",
      diagnostic:
        "550 5.1.1 <gone@example.net>: Recipient address rejected: User unknown in local recipient table",
    },
  ],
  ["exim", { action: "failed", status: "5.0.0", diagnostic: "550 Unrouteable address" }],
  [
    "exchange",
    { action: "failed", status: "4.4.7", diagnostic: "550 4.4.7 QUEUE.Expired; message expired" },
  ],
  ["delayed", { action: "delayed", status: "4.4.1", diagnostic: "connect: connection timed out" }],
] as const) {
  test(`a report of ${server} is read`, (t) => {
    t.deepEqual(parseDeliveryStatus(STATUS[server]), [expected]);
  });
}

test("what is no report is none, whatever its text says", async (t) => {
  const plain = await simpleParser(`Subject: failure\n\n${STATUS.postfix}`, {
    keepDeliveryStatus: true,
  });
  t.is(readDeliveryReport(plain), undefined);
  t.deepEqual(parseDeliveryStatus(""), []);
  t.deepEqual(parseDeliveryStatus("Action: failed\nStatus: soon\n"), []);
  t.deepEqual(parseDeliveryStatus("Action: exploded\nStatus: 5.1.1\n"), []);
});

test("several recipients are told apart, and no report holds more than a hundred", (t) => {
  const group = "Action: failed\nStatus: 5.1.1\n\n";
  t.is(parseDeliveryStatus(`A: b\n\n${group.repeat(3)}`).length, 3);
  t.is(parseDeliveryStatus(`A: b\n\n${group.repeat(5_000)}`).length, 100);
});

test("a diagnostic is one harmless line", (t) => {
  const [report] = parseDeliveryStatus(
    `Action: failed\nStatus: 5.1.1\nDiagnostic-Code: x-unix; \u001b[31mno\n\tsuch \u202euser ${"x".repeat(900)}`,
  );
  t.notRegex(report?.diagnostic ?? "", /[\u001b\u202e\n]/);
  t.is(report?.diagnostic.length, 300);
});

for (const [status, kind] of [
  ["5.1.1", "hard"],
  ["5.1.10", "hard"],
  ["5.2.1", "hard"],
  ["5.0.0", "hard"],
  ["5.4.4", "hard"],
  ["5.2.2", "soft"],
  ["5.3.4", "soft"],
  ["5.6.1", "soft"],
  ["5.7.1", "soft"],
  ["5.7.26", "soft"],
  ["4.4.7", "soft"],
  ["4.2.2", "soft"],
] as const) {
  test(`${status} is a ${kind} bounce`, (t) => {
    t.is(bounceKind(status), kind);
  });
}

import test from "ava";
import { classifyRefusal } from "../../../../hub/channels/email/refusal.ts";

function refused(part: Record<string, unknown>) {
  const outcome = classifyRefusal(Object.assign(new Error("failed"), part));
  if (outcome.outcome !== "failed") throw new Error("not a failure");
  return outcome.stop === true ? "stop" : outcome.retry ? "retry" : "dead";
}

for (const [what, error, verdict] of [
  ["an unknown recipient", { code: "EENVELOPE", responseCode: 550, command: "RCPT TO" }, "dead"],
  ["greylisting", { code: "EENVELOPE", responseCode: 450, command: "RCPT TO" }, "retry"],
  ["a full mailbox", { code: "EENVELOPE", responseCode: 452, command: "RCPT TO" }, "retry"],
  ["a refused message", { code: "EMESSAGE", responseCode: 554, command: "DATA" }, "dead"],
  ["a message refused for now", { code: "EMESSAGE", responseCode: 451, command: "DATA" }, "retry"],
  ["a refused sender", { code: "EENVELOPE", responseCode: 550, command: "MAIL FROM" }, "stop"],
  ["a mail too large", { code: "EENVELOPE", responseCode: 552, command: "MAIL FROM" }, "dead"],
  ["a wrong password", { code: "EAUTH", responseCode: 535, command: "AUTH PLAIN" }, "stop"],
  [
    "a password check that is down",
    { code: "EAUTH", responseCode: 454, command: "AUTH PLAIN" },
    "retry",
  ],
  [
    "a server that asks for a login",
    { code: "EENVELOPE", responseCode: 530, command: "MAIL FROM" },
    "stop",
  ],
  ["a refused greeting", { code: "EPROTOCOL", responseCode: 554, command: "CONN" }, "stop"],
  ["a busy greeting", { code: "EPROTOCOL", responseCode: 421, command: "CONN" }, "retry"],
  ["failed TLS", { code: "ETLS", command: "STARTTLS" }, "stop"],
  ["a refused connection", { code: "ESOCKET", command: "CONN" }, "retry"],
  ["a time-out", { code: "ETIMEDOUT", command: "CONN" }, "retry"],
  ["a name that does not resolve", { code: "EDNS", command: "CONN" }, "retry"],
  ["a cut connection", { code: "ECONNECTION", command: "CONN" }, "retry"],
  ["an address that cannot be sent", { code: "EENVELOPE", command: "API" }, "dead"],
] as const) {
  test(`${what}: ${verdict}`, (t) => {
    t.is(refused(error), verdict);
  });
}

test("the reason is one harmless line of what the server said", (t) => {
  const error = Object.assign(new Error("x"), {
    responseCode: 550,
    response: "550-first\r\n550 \u001b[31msecond",
    command: "RCPT TO",
  });
  const outcome = classifyRefusal(error);
  t.is(
    outcome.outcome === "failed" && outcome.reason,
    "550-first\ufffd 550 \ufffd[31msecond (RCPT TO)",
  );
});

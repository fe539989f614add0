import test from "ava";
import { isPublicAddress } from "../../../../hub/channels/webhook/guard.ts";
import { canonicalUrl } from "../../../../hub/channels/webhook/index.ts";
import { outcomeOf } from "../../../../hub/channels/webhook/answer.ts";

for (const address of ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]) {
  test(`${address} is public`, (t) => t.true(isPublicAddress(address)));
}

for (const address of [
  "127.0.0.1",
  "0.0.0.0",
  "10.1.2.3",
  "172.16.0.1",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "192.0.2.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:10.0.0.1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "fe80::1",
  "fc00::1",
  "fd12:3456::1",
  "ff02::1",
  "2001:db8::1",
  "not an address",
]) {
  test(`${address} is not public`, (t) => t.false(isPublicAddress(address)));
}

for (const [text, url] of [
  ["https://ci.example.org/hook?x=1", "https://ci.example.org/hook?x=1"],
  ["HTTPS://CI.Example.org:443/a/../hook", "https://ci.example.org/hook"],
  // However an address is written, it is looked at as what it is.
  ["https://0x7f.1/", "https://127.0.0.1/"],
  ["https://2130706433/", "https://127.0.0.1/"],
  ["http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"],
  ["ftp://example.org/", undefined],
  ["file:///etc/passwd", undefined],
  ["https://user:secret@example.org/", undefined],
  ["https://example.org/#x", undefined],
  ["nonsense", undefined],
  [`https://example.org/${"x".repeat(1_000)}`, undefined],
] as const) {
  test(`${text.slice(0, 60)} is ${url ?? "no webhook"}`, (t) => t.is(canonicalUrl(text), url));
}

for (const [status, retry, afterMs] of [
  [200, undefined, undefined],
  [204, undefined, undefined],
  [301, false, undefined],
  [307, false, undefined],
  [400, false, undefined],
  [401, false, undefined],
  [404, false, undefined],
  [410, false, undefined],
  [408, true, undefined],
  [429, true, 120_000],
  [500, true, undefined],
  [503, true, 120_000],
] as const) {
  test(`${status}: ${retry === undefined ? "taken" : retry ? "again later" : "never"}`, (t) => {
    const headers = afterMs === undefined ? {} : { "retry-after": "120" };
    const outcome = outcomeOf(status, headers, 0);
    t.is(outcome.outcome, retry === undefined ? "delivered" : "failed");
    if (outcome.outcome !== "failed") return;
    t.is(outcome.retry, retry === true);
    t.is(outcome.afterMs, afterMs);
  });
}

import test from "ava";
import { type AdmissionRules, admitFrame, type Channel } from "../../../core/events/admission.ts";
import { fromPlain } from "../../../core/events/canonical.ts";
import { makeEnvelope, wireText } from "../../../core/events/envelope.ts";
import { newSigningKey, signObject, verifyKeyText } from "../../../core/events/signature.ts";
import { rulesFor } from "../../support/authority.ts";

const DAY = 86_400_000;
const now = Date.parse("2026-11-22T12:00:00Z");
const keys = new Map(
  ["anise-archive", "anise-core", "anise-spark", "lighthouse-main"].map((signer) => [
    signer,
    newSigningKey(signer),
  ]),
);
const rules = rulesFor(
  Object.fromEntries([...keys].map(([signer, key]) => [signer, verifyKeyText(key)])),
  () => now,
);
const TAG = "_lk.archive.package-src-removed";

interface Made {
  tag?: string;
  time?: number;
  /** The member as it is to be written. */
  written?: string;
  format?: string;
}

function frame(signers: string[], { tag = TAG, time = now, written, format }: Made = {}): Buffer {
  let event = makeEnvelope(tag, { pkg_name: "bash" }, new Date(time));
  if (written !== undefined) event.set("time", fromPlain(written));
  if (format !== undefined) event.set("format", fromPlain(format));
  for (const signer of signers)
    event = signObject(event, keys.get(signer) ?? newSigningKey(signer));
  return Buffer.from(wireText(event));
}

function admit(bytes: Buffer, channel: Channel = "submit", by: AdmissionRules = rules): string {
  const verdict = admitFrame(bytes, channel, by);
  return verdict.accepted ? `by ${verdict.event.signer}` : verdict.code;
}

test("who signed must be allowed to say it", (t) => {
  t.is(admit(frame(["anise-archive"])), "by anise-archive");
  t.is(admit(frame(["anise-core"])), "not-allowed");
  t.is(admit(frame(["anise-spark"])), "not-allowed");
  t.is(admit(frame(["stranger"])), "untrusted");
  t.is(admit(frame(["anise-archive"], { tag: "org.example.x" })), "not-allowed");
  // One who may is enough, whoever else vouches for the content.
  t.is(admit(frame(["anise-core", "anise-archive"])), "by anise-archive");
  const verdict = admitFrame(frame(["anise-core"]), "submit", rules);
  t.like(verdict, { tag: TAG, signer: "anise-core", reason: `anise-core may not say ${TAG}` });
});

test("a Lighthouse's signature adds nothing to that of the maker", (t) => {
  for (const channel of ["submit", "bus", "replay"] as const) {
    t.is(admit(frame(["anise-archive", "lighthouse-main"]), channel), "by anise-archive");
    t.is(admit(frame(["anise-spark", "lighthouse-main"]), channel), "not-allowed");
  }
});

test("a Lighthouse alone vouches on the bus, and speaks for itself when it submits", (t) => {
  t.is(admit(frame(["lighthouse-main"]), "bus"), "by lighthouse-main");
  t.is(admit(frame(["stranger", "lighthouse-main"]), "bus"), "by lighthouse-main");
  t.is(admit(frame(["lighthouse-main"]), "submit"), "not-allowed");
  t.is(admit(frame(["lighthouse-main"], { tag: "_lk.jobs.job-finished" })), "by lighthouse-main");
  t.is(admit(frame(["lighthouse-main"], { tag: "org.example.x" }), "bus"), "not-allowed");
});

test("events are of our time unless they are replayed", (t) => {
  const aged = (time: number): Buffer => frame(["anise-archive"], { time });
  t.is(admit(aged(now - 29.9 * DAY)), "by anise-archive");
  t.is(admit(aged(now - 30.1 * DAY)), "too-old");
  t.is(admit(aged(now - 30.1 * DAY), "bus"), "too-old");
  t.is(admit(aged(now - 400 * DAY), "replay"), "by anise-archive");
  t.is(admit(aged(now + 9 * 60_000)), "by anise-archive");
  t.is(admit(aged(now + 11 * 60_000)), "too-new");
  t.is(admit(aged(now + 11 * 60_000), "replay"), "too-new");
});

test("the peer's local time counts as what its uuid says", (t) => {
  const local = (written: string): string => admit(frame(["anise-archive"], { written }));
  t.is(local("2026-11-22T23:30:00"), "by anise-archive");
  t.is(local("2026-11-22T00:30:00.5"), "by anise-archive");
  t.is(local("2026-11-24T12:00:00"), "too-new");
  t.is(local("2025-11-22T12:00:00"), "too-old");
});

test("a format of another version is refused", (t) => {
  for (const format of ["1.1", "2.0", "", "1"]) {
    t.is(admit(frame(["anise-archive"], { format })), "member-invalid");
  }
});

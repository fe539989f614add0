import { randomBytes, randomUUID } from "node:crypto";
import test from "ava";
import fc from "fast-check";
import { base32, fromBase32 } from "../../../hub/mail/base32.ts";
import { createSeals } from "../../../hub/mail/seals.ts";
import {
  bounceAddress,
  commandOfToken,
  confirmToken,
  deliveryOfBounce,
  deliveryOfToken,
  unsubscribeToken,
} from "../../../hub/mail/tokens.ts";

const seals = createSeals(["a".repeat(43)]);
const others = createSeals(["b".repeat(43)]);
const BOUNCES = "bounces@example.org";

test("the envelope sender of a delivery names it, whatever case a mail server makes of it", (t) => {
  const id = randomUUID();
  const address = bounceAddress(BOUNCES, id, seals);
  t.regex(address, /^bounces\+[a-z2-7]{42}@example\.org$/);
  t.true(address.indexOf("@") <= 64);
  t.is(deliveryOfBounce(address, BOUNCES, seals), id);
  t.is(deliveryOfBounce(address.toUpperCase(), BOUNCES, seals), id);
});

test("what others made up is believed in nothing", (t) => {
  const id = randomUUID();
  const theirs = bounceAddress(BOUNCES, id, others);
  t.is(deliveryOfBounce(theirs, BOUNCES, seals), undefined);
  t.is(deliveryOfBounce(bounceAddress("b@example.org", id, seals), BOUNCES, seals), undefined);
  t.is(
    deliveryOfBounce(bounceAddress("bounces@example.net", id, seals), BOUNCES, seals),
    undefined,
  );
  t.is(deliveryOfToken(unsubscribeToken(id, others), seals), undefined);
  t.is(commandOfToken(confirmToken(id, others), seals), undefined);
});

test("a token is good for its purpose only", (t) => {
  const id = randomUUID();
  const token = confirmToken(id, seals);
  t.is(commandOfToken(token, seals), id);
  t.is(deliveryOfBounce(`bounces+${token}@example.org`, BOUNCES, seals), undefined);
});

test("a changed character makes a token worthless", (t) => {
  const id = randomUUID();
  const token = unsubscribeToken(id, seals);
  t.is(token.length, 43);
  t.is(deliveryOfToken(token, seals), id);
  for (let at = 0; at < token.length; at++) {
    const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    t.is(deliveryOfToken(changed, seals), undefined, changed);
  }
  for (const bad of ["", token.slice(1), `${token}A`, `${token}=`, "../../etc/passwd"]) {
    t.is(deliveryOfToken(bad, seals), undefined, bad);
  }
});

test("after a change of the secret old tokens are good until the old one is taken out", (t) => {
  const id = randomUUID();
  const old = unsubscribeToken(id, seals);
  const rotated = createSeals(["b".repeat(43), "a".repeat(43)]);
  t.is(deliveryOfToken(old, rotated), id);
  t.is(deliveryOfToken(unsubscribeToken(id, rotated), others), id);
  t.is(deliveryOfToken(old, others), undefined);
});

test("a secret that is too short is refused", (t) => {
  t.throws(() => createSeals(["short"]), { message: /less than 32/ });
  t.throws(() => createSeals([]), { message: /less than 32/ });
});

test("base 32 comes back as it was, and only one text means the same bytes", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = base32(Buffer.from(bytes));
      t.deepEqual(fromBase32(text), Buffer.from(bytes));
    }),
  );
  // RFC 4648 section 10.
  t.is(base32(Buffer.from("foobar")), "mzxw6ytboi");
  t.is(base32(Buffer.from("f")), "my");
  t.is(fromBase32("mz"), undefined);
  t.is(fromBase32("m1"), undefined);
  t.is(base32(randomBytes(26)).length, 42);
});

import test from "ava";
import { newKeyPair, parseKeyFile } from "../../../core/events/key-file.ts";
import { verifyKeyText } from "../../../core/events/signature.ts";

const SEED = "YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1";
const PUBLIC = "XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI";

test("a new pair can be read back: the public half holds no secret", (t) => {
  const owner = { name: "José = <b>", email: "jose@example.org", organization: "ACME" };
  const pair = newKeyPair("archive-host", owner, { now: new Date("2026-11-22T15:16:17.018Z") });
  const secret = parseKeyFile(pair.secret, "s");
  const open = parseKeyFile(pair.public, "p");
  t.is(open.id, "archive-host");
  t.like(open.metadata, { ...owner, "date-created": "2026-11-22 15:16:17.018+00:00" });
  t.is(open.signingKey, undefined);
  t.is(open.curve?.secretKey, undefined);
  t.is(secret.signingKey?.signer, "archive-host");
  t.true(
    secret.signingKey &&
      open.verifyKey?.toString("base64").startsWith(verifyKeyText(secret.signingKey)),
  );
  t.is(secret.curve?.publicKey, open.curve?.publicKey);
  t.is(secret.curve?.secretKey?.length, 40);
});

test("the file has the layout of the peer, line by line", (t) => {
  const { secret } = newKeyPair("a", {}, { now: new Date(0) });
  const shape = secret
    .replace(/^(#.*\n)+/, "#\n")
    .replace(/"[^"\n]{40}"/g, "Z85")
    .replace(/"[A-Za-z0-9+/]{43}"/g, "BASE64");
  t.is(
    shape,
    `#

metadata
    id = "a"
    name = "a"
    email = ""
    created-by = "Laniakea Keytool"
    date-created = "1970-01-01 00:00:00.000+00:00"
curve
    public-key = Z85
    secret-key = Z85
ed
    verify-key = BASE64
    signing-key = BASE64
`,
  );
});

test("a sign-only key keeps an empty CURVE line, for readers that need one", (t) => {
  const pair = newKeyPair("a", {}, { signOnly: true });
  t.regex(pair.public, /^ {4}public-key = ""$/m);
  t.notRegex(pair.secret, /secret-key/);
  t.is(parseKeyFile(pair.secret, "s").curve, undefined);
});

test("hand-written files are read tolerantly", (t) => {
  const text = [
    "# comment",
    "extra",
    "  id = wrong-section",
    "ed",
    `\tverify-key='${PUBLIC}='`,
    "",
    "  # another",
    `  signing-key =   "${SEED}"  `,
    "metadata",
    '  name = "a = b"',
    '  id = "by-hand"',
  ].join("\r\n");
  const key = parseKeyFile(text, "f");
  t.is(key.id, "by-hand");
  t.deepEqual(key.metadata, { name: "a = b" });
  t.is(key.signingKey && verifyKeyText(key.signingKey), PUBLIC);
});

test("a broken file is refused with its name and what is wrong", (t) => {
  const id = 'metadata\n    id = "a"\n';
  const faults: [string, RegExp][] = [
    ["", /f\.key has no id/],
    ['ed\n    verify-key = "x"\n', /no id/],
    [`${id}ed\n    verify-key = "short"\n`, /verify-key that is no key/],
    [`${id}ed\n    signing-key = "${SEED}x"\n`, /signing-key that is no key/],
    [`${id}curve\n    public-key = "short"\n`, /public-key that is no key/],
    [
      `${id}ed\n    verify-key = "${SEED}"\n    signing-key = "${SEED}"\n`,
      /do not belong together/,
    ],
  ];
  for (const [text, message] of faults) {
    t.throws(() => parseKeyFile(text, "f.key"), { code: "KEY_INVALID", message });
  }
});

test("ids that would leave their folder, and values that would break a line, are refused", (t) => {
  for (const id of ["", "../x", "a/b", "a b", ".hidden", "a\nb", "é"]) {
    t.throws(() => newKeyPair(id), { code: "KEY_ID" }, id);
  }
  for (const name of ['a"b', "a\nb", "a\u0000b"]) {
    t.throws(() => newKeyPair("a", { name }), { code: "KEY_VALUE" });
  }
});

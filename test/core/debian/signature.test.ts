import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import * as openpgp from "openpgp";
import {
  judge,
  type SignedFile,
  type VerifierResult,
  verifySigned,
} from "../../../core/debian/signature.ts";
import { readStatus, verifyWithGpgv } from "../../../core/debian/signature-gpgv.ts";
import { verifyWithOpenpgp } from "../../../core/debian/signature-openpgp.ts";
import {
  type ArchiveKey,
  archiveKey,
  clearSign,
  detachedSignature,
} from "../../../core/demo/signing-key.ts";

const folder = mkdtempSync(join(tmpdir(), "lk-signature-"));
test.after.always(() => rm(folder, { recursive: true, force: true }));

const TEXT = "Suite: demo\nDescription: Jörg's\n- a line with a dash\n";
let key: ArchiveKey;
let stranger: ArchiveKey;
let expired: { keyring: string; signed: string };
test.before(async () => {
  key = await archiveKey(join(folder, "key"));
  stranger = await archiveKey(join(folder, "stranger"));
  expired = await expiredKey();
});
const hasGpgv = spawnSync("gpgv", ["--version"]).status === 0;

type Verifier = (file: SignedFile, keyring: string) => Promise<VerifierResult>;
const verifiers: [string, typeof test | typeof test.skip, Verifier][] = [
  [
    "gpgv (skipped where it is absent)",
    hasGpgv ? test : test.skip,
    async (file, keyring) => {
      const result = await verifyWithGpgv(file, keyring);
      if (result === undefined) throw new Error("gpgv is gone");
      return result;
    },
  ],
  [
    "openpgp",
    test,
    async (file, keyring) => verifyWithOpenpgp(file, keyring, await readFile(keyring)),
  ],
];

function clear(content: string): SignedFile {
  return { name: "InRelease", content: Buffer.from(content) };
}

for (const [name, run, verify] of verifiers) {
  run(`${name}: a good signature gives the signed text, the key and the time`, async (t) => {
    const file = clear(await clearSign(TEXT, key));
    const { text, fingerprint, signedAt } = judge(
      file,
      key.keyring,
      await verify(file, key.keyring),
    );
    t.is(text.toString(), TEXT);
    t.is(fingerprint, key.secret.getFingerprint().toUpperCase());
    t.true(Math.abs(signedAt.getTime() - Date.now()) < 3_600_000);
  });

  run(`${name}: a detached signature is verified over the file`, async (t) => {
    const content = Buffer.from(TEXT);
    const detached = Buffer.from(await detachedSignature(TEXT, key));
    const file = { name: "Release", content, detached };
    t.deepEqual(judge(file, key.keyring, await verify(file, key.keyring)).text, content);
    const altered = { ...file, content: Buffer.from(TEXT.replace("demo", "evil")) };
    t.deepEqual(verdicts(await verify(altered, key.keyring)), ["bad"]);
  });

  run(`${name}: an altered text is bad`, async (t) => {
    const file = clear((await clearSign(TEXT, key)).replace("demo", "evil"));
    t.deepEqual(verdicts(await verify(file, key.keyring)), ["bad"]);
  });

  run(`${name}: the signature of a key that is not in the keyring does not count`, async (t) => {
    const file = clear(await clearSign(TEXT, stranger));
    t.deepEqual(verdicts(await verify(file, key.keyring)), ["unknown-key"]);
  });

  run(`${name}: one known key among strangers is enough`, async (t) => {
    const message = await openpgp.createCleartextMessage({ text: TEXT.trimEnd() });
    const signed = await openpgp.sign({ message, signingKeys: [stranger.secret, key.secret] });
    const file = clear(signed.replaceAll("\r\n", "\n"));
    const result = await verify(file, key.keyring);
    t.deepEqual(verdicts(result).toSorted(), ["good", "unknown-key"]);
    t.is(judge(file, key.keyring, result).text.toString(), TEXT);
  });

  run(`${name}: a key that has expired is not accepted any more`, async (t) => {
    const file = clear(expired.signed);
    t.deepEqual(verdicts(await verify(file, expired.keyring)), ["expired"]);
  });

  run(`${name}: a signature with SHA-1 is weak`, async (t) => {
    // Made with gpg --digest-algo SHA1.
    const file = clear(await readFile("test/fixtures/archive/sha1/InRelease", "utf8"));
    const result = await verify(file, "test/fixtures/archive/sha1/keyring.gpg");
    t.deepEqual(verdicts(result), ["weak"]);
  });
}

test("an unsigned, cut or extended file is refused", async (t) => {
  const signed = await clearSign(TEXT, key);
  for (const [content, message] of [
    [TEXT, /it is not signed/],
    ["", /it is not signed/],
    [signed.slice(0, -60), /cut off/],
    [`${signed}\nSuite: evil\n`, /outside of the signed part/],
    [`Suite: evil\n\n${signed}`, /it is not signed/],
    [signed + signed, /outside of the signed part/],
  ] as const) {
    await t.throwsAsync(verifySigned(clear(content), key.keyring), {
      code: "BAD_SIGNATURE",
      message,
    });
  }
});

test("a missing keyring is named", async (t) => {
  const file = clear(await clearSign(TEXT, key));
  await t.throwsAsync(verifySigned(file, "/nonexistent/archive.gpg"), {
    code: "KEYRING_MISSING",
    message: "The keyring /nonexistent/archive.gpg does not exist.",
  });
});

test("a keyring that is none is refused without gpgv too", async (t) => {
  const keyring = join(folder, "rubbish.gpg");
  await writeFile(keyring, "this is no keyring");
  const file = clear(await clearSign(TEXT, key));
  await t.throwsAsync(verifyWithOpenpgp(file, keyring, await readFile(keyring)), {
    code: "KEYRING_UNREADABLE",
  });
  await t.throwsAsync(verifySigned(file, keyring));
});

test("an ASCII-armoured keyring works", async (t) => {
  const keyring = join(folder, "armoured.asc");
  await writeFile(keyring, key.secret.toPublic().armor());
  const { text } = await verifySigned(clear(await clearSign(TEXT, key)), keyring);
  t.is(text.toString(), TEXT);
});

test("without gpgv there is no answer from it", async (t) => {
  const file = clear(await clearSign(TEXT, key));
  t.is(await verifyWithGpgv(file, key.keyring, { program: "no-such-gpgv" }), undefined);
});

test("status lines of gpgv are understood", (t) => {
  const valid = (digest: number) =>
    `[GNUPG:] VALIDSIG ABCD 2026-11-22 1795365065 0 4 0 22 ${digest} 01 ABCD`;
  for (const [verdict, ...lines] of [
    ["good", "[GNUPG:] GOODSIG ABCD Archive", valid(8)],
    ["weak", "[GNUPG:] GOODSIG ABCD Archive", valid(2)],
    ["weak", "[GNUPG:] GOODSIG ABCD Archive", valid(1)],
    ["expired", "[GNUPG:] EXPKEYSIG ABCD Archive", valid(8)],
    ["expired", "[GNUPG:] EXPSIG ABCD Archive", valid(8)],
    ["revoked", "[GNUPG:] REVKEYSIG ABCD Archive", valid(8)],
    ["bad", "[GNUPG:] BADSIG ABCD Archive"],
    ["unknown-key", "[GNUPG:] ERRSIG ABCD 1 8 01 1 9", "[GNUPG:] NO_PUBKEY ABCD"],
    ["unusable", "[GNUPG:] ERRSIG ABCD 1 8 01 1 4"],
    ["unusable", "[GNUPG:] NODATA 1"],
  ]) {
    const reports = readStatus(["[GNUPG:] NEWSIG", ...lines].join("\n"));
    t.deepEqual(
      reports.map((report) => report.verdict),
      [verdict],
      lines[0],
    );
  }
  t.deepEqual(readStatus("[GNUPG:] NODATA 1\n"), []);
});

test("a bad signature beside a good one is refused", (t) => {
  const text = Buffer.from(TEXT);
  const signatures = [
    { verdict: "good", fingerprint: "AA" },
    { verdict: "bad", fingerprint: "BB" },
  ] as const;
  t.throws(() => judge(clear(TEXT), "k", { text, signatures: [...signatures] }), {
    code: "BAD_SIGNATURE",
    message: /BB does not fit the text/,
  });
});

function verdicts(result: VerifierResult): string[] {
  return result.signatures.map((signature) => signature.verdict);
}

async function expiredKey(): Promise<{ keyring: string; signed: string }> {
  const date = new Date(Date.now() - 10 * 24 * 3_600_000);
  const { privateKey } = await openpgp.generateKey({
    type: "ecc",
    curve: "ed25519Legacy",
    userIDs: [{ name: "Expired" }],
    subkeys: [],
    format: "object",
    date,
    keyExpirationTime: 3_600,
  });
  const keyring = join(folder, "expired.gpg");
  await writeFile(keyring, privateKey.toPublic().write());
  const message = await openpgp.createCleartextMessage({ text: TEXT.trimEnd() });
  const signed = await openpgp.sign({ message, signingKeys: privateKey, date });
  return { keyring, signed: signed.replaceAll("\r\n", "\n") };
}

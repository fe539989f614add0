import { randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { asError } from "../errors.ts";
import { type Log, silentLog } from "../log.ts";
import {
  type KeyFile,
  newKeyPair,
  parseKeyFile,
  readKeyFile,
  readSecretKeyFile,
} from "./key-file.ts";
import type { Authority } from "./admission.ts";
import { decideRights, defaultRights, moduleOfSigner, NO_RIGHTS, type Rights } from "./rights.ts";
import { type DecidedRights, readRightsFile } from "./rights-file.ts";
import type { SigningKey } from "./signature.ts";

/** A key of the directory, and the file that holds it. */
export interface KeptKey {
  file: string;
  key: KeyFile;
}

export interface KeyringOptions {
  /** Part of the names of secret files; the host name by default. */
  host?: string;
  log?: Log;
  /** How old the knowledge of the directory may be. */
  recheckMilliseconds?: number;
  /** Folders whose key files are trusted; `trusted` alone by default. */
  trustedFolders?: string[];
}

const RECHECK_MS = 2_000;

/**
 * The key directory of Laniakea's layout: `secret/<host>-<module>_private.sec`, falling back to
 * `secret/<host>-general_private.sec`, and `trusted/*`; beside them `revoked/*`, keys that count
 * no more wherever they lie, and `rights.toml`. Changes take effect within two seconds: file
 * names, sizes and times are looked at again on use, so that there is nothing to start or stop.
 */
export class Keyring implements Authority {
  readonly directory: string;
  readonly host: string;
  readonly recheckMilliseconds: number;
  readonly #log: Log;
  readonly #trustedFolders: string[];
  #checked = Number.NEGATIVE_INFINITY;
  #seen = "";
  #trusted: KeptKey[] = [];
  #verifyKeys = new Map<string, Buffer[]>();
  #rights = new Map<string, Rights>();
  #decided: DecidedRights | undefined;
  #signingKeys = new Map<string, SigningKey | undefined>();

  constructor(directory: string, options: KeyringOptions = {}) {
    this.directory = directory;
    this.host = options.host ?? hostname();
    this.#log = options.log ?? silentLog();
    this.recheckMilliseconds = options.recheckMilliseconds ?? RECHECK_MS;
    this.#trustedFolders = options.trustedFolders ?? ["trusted"];
  }

  /** All trusted keys that can be read, in the order of their file names. */
  trusted(): readonly KeptKey[] {
    this.#refresh();
    return this.#trusted;
  }

  /** The secret keys of this machine, of whatever module. */
  own(): readonly KeptKey[] {
    return this.#readFolder("secret").filter(({ key }) => key.signingKey !== undefined);
  }

  verifyKeys(signer: string): readonly Buffer[] {
    this.#refresh();
    return this.#verifyKeys.get(signer) ?? [];
  }

  /** What a signer may say: what was decided, else what its module may. */
  rights(signer: string): Rights {
    this.#refresh();
    return this.#rights.get(signer) ?? NO_RIGHTS;
  }

  /** The key files that were revoked. */
  revoked(): readonly KeptKey[] {
    return this.#readFolder("revoked");
  }

  /**
   * Takes a trusted key file away, for good. First the record, then the file: what is in both
   * folders is revoked.
   *
   * @returns where the record lies
   */
  revoke(file: string): string {
    const folder = join(this.directory, "revoked");
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const record = join(folder, `${basename(file).replace(/(\.pub)?\.key$/, "")}.${time}.key`);
    copyFileSync(file, record);
    rmSync(file);
    this.#checked = Number.NEGATIVE_INFINITY;
    return record;
  }

  /** The key that a module of this machine signs with, or undefined when it has none. */
  signingKey(module: string): SigningKey | undefined {
    this.#refresh();
    if (!this.#signingKeys.has(module)) {
      const key = this.#readSecret(module) ?? this.#readSecret("general");
      this.#signingKeys.set(module, key);
    }
    return this.#signingKeys.get(module);
  }

  /** The CURVE pair that a module of this machine connects or serves with, Z85. */
  curvePair(module: string): { publicKey: string; secretKey: string } | undefined {
    for (const name of [module, "general"]) {
      const { publicKey, secretKey } = this.#readSecretFile(name)?.curve ?? {};
      if (publicKey !== undefined && secretKey !== undefined) return { publicKey, secretKey };
    }
    return undefined;
  }

  /** Where the secret key of a module lives. */
  secretFile(module: string): string {
    return join(this.directory, "secret", `${this.host}-${module}_private.sec`);
  }

  /** Where decisions about rights live. */
  rightsFile(): string {
    return join(this.directory, "rights.toml");
  }

  /** Where the public key of a signer lives once it is trusted. */
  trustedFile(name: string): string {
    return join(this.directory, "trusted", `${name}.pub.key`);
  }

  /**
   * Makes a key for a module of this machine and trusts it, unless there is one. Two processes
   * that start at once end up with the same key.
   *
   * @returns true when a key was made
   */
  ensureOwnKey(module: string): boolean {
    const id = `${this.host.replace(/[^A-Za-z0-9._-]/g, "-")}-${module}`;
    const pair = newKeyPair(id, { name: `${module} on ${this.host}`, module });
    if (!writeKeyFile(this.secretFile(module), pair.secret, 0o600)) return false;
    writeKeyFile(this.trustedFile(id), pair.public, 0o644);
    this.#checked = Number.NEGATIVE_INFINITY;
    return true;
  }

  #refresh(): void {
    const now = performance.now();
    if (now - this.#checked < this.recheckMilliseconds) return;
    this.#checked = now;
    const folders = [...this.#trustedFolders, "revoked", "secret"];
    const files = [...folders.flatMap((folder) => this.#files(folder)), this.rightsFile()];
    const seen = fingerprint(files);
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#signingKeys.clear();
    this.#trusted = this.#readTrusted();
    this.#decided = this.#readDecided();
    this.#verifyKeys = new Map();
    this.#rights = new Map();
    for (const kept of this.#trusted) this.#admit(kept);
  }

  #admit({ file, key }: KeptKey): void {
    if (!key.verifyKey) return;
    this.#verifyKeys.set(key.id, [...(this.#verifyKeys.get(key.id) ?? []), key.verifyKey]);
    // Of several keys of a signer the first tells: a new version cannot add rights by itself.
    if (this.#rights.has(key.id) || this.#decided === undefined) return;
    const names = {
      id: key.id,
      metadata: key.metadata["module"],
      file: basename(file).replace(/(\.pub)?\.key$/, ""),
    };
    const rights = decideRights(defaultRights(moduleOfSigner(names)), this.#decided.get(key.id));
    this.#rights.set(key.id, rights);
  }

  /** The last decisions that could be read; before there are any, nobody may say anything. */
  #readDecided(): DecidedRights | undefined {
    try {
      return readRightsFile(this.rightsFile());
    } catch (thrown) {
      this.#log.error({ err: asError(thrown) }, "cannot read who may say what");
      return this.#decided;
    }
  }

  #readTrusted(): KeptKey[] {
    const keys = this.#trustedFolders.flatMap((folder) => this.#readFolder(folder));
    const revoked = this.revoked();
    return keys.filter(({ file, key }) => {
      if (key.signingKey) this.#log.warn({ file }, "a trusted key file holds a secret key");
      const counts = !revoked.some((one) => sameKey(one.key, key));
      if (!counts) this.#log.warn({ file }, "a trusted key file holds a key that was revoked");
      return counts;
    });
  }

  #readFolder(folder: string): KeptKey[] {
    return this.#files(folder).flatMap((file) => {
      try {
        return [{ file, key: readKeyFile(file) }];
      } catch (thrown) {
        this.#log.warn({ file, reason: asError(thrown).message }, "a key file is not usable");
        return [];
      }
    });
  }

  #files(folder: string): string[] {
    const directory = join(this.directory, folder);
    try {
      return readdirSync(directory, { withFileTypes: true })
        .filter((entry) => !entry.name.startsWith(".") && !entry.isDirectory())
        .map((entry) => join(directory, entry.name))
        .sort();
    } catch (thrown) {
      // Nobody is trusted by a folder that cannot be read.
      const { code } = thrown as NodeJS.ErrnoException;
      if (code !== "ENOENT") this.#log.warn({ directory, code }, "cannot read a key folder");
      return [];
    }
  }

  #readSecret(module: string): SigningKey | undefined {
    return this.#readSecretFile(module)?.signingKey;
  }

  #readSecretFile(module: string): KeyFile | undefined {
    const file = this.secretFile(module);
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    try {
      return readSecretKeyFile(file);
    } catch (thrown) {
      this.#log.warn({ file, reason: asError(thrown).message }, "a secret key is not usable");
      return undefined;
    }
  }
}

/** Changes whenever one of the files appears, vanishes or is written. */
function fingerprint(files: readonly string[]): string {
  const lines = files.map((file) => {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return `${file} ${stat?.ino} ${stat?.size} ${stat?.mtimeNs} ${stat?.ctimeNs}`;
  });
  return lines.join("\n");
}

/** True when two files hold the same key, of whatever name. */
export function sameKey(one: KeyFile, other: KeyFile): boolean {
  if (one.verifyKey && other.verifyKey) return one.verifyKey.equals(other.verifyKey);
  return one.curve !== undefined && one.curve.publicKey === other.curve?.publicKey;
}

/**
 * Writes a key file, making its directory. Readers never see half of it, and nobody else ever
 * sees a secret one: it gets its mode before its name.
 *
 * @returns false, nothing written, when the file exists and `replace` is not set
 */
export function writeKeyFile(path: string, text: string, mode: number, replace = false): boolean {
  parseKeyFile(text, path);
  mkdirSync(dirname(path), { recursive: true, mode: mode === 0o600 ? 0o700 : 0o755 });
  // Hidden, so that a keyring does not take it for a key.
  const draft = join(dirname(path), `.${randomUUID()}`);
  writeFileSync(draft, text, { mode, flag: "wx" });
  try {
    chmodSync(draft, mode);
    if (replace) renameSync(draft, path);
    else linkSync(draft, path);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  } finally {
    rmSync(draft, { force: true });
  }
}

import { isUtf8 } from "node:buffer";
import type { IndexKind } from "../../debian/index-path.ts";
import { MEND_FILE, placeOf, type Stanza } from "../../debian/stanza.ts";
import { versionKey } from "../../debian/version.ts";
import { OperatorError } from "../../errors.ts";
import { BINARY_ROW, identifyBinary } from "./binary-row.ts";
import type { RowShape } from "./column.ts";
import type { CopyEncoder } from "../../database/copy-encoder.ts";
import type { KnownStanzas } from "./known-stanzas.ts";
import { type Identity, noFacts, stanzaHash } from "./row.ts";
import { identifySource, SOURCE_ROW, sourceFiles } from "./source-row.ts";

/** Makes rows of the stanzas of one index. */
export interface RowMaker {
  /** Whether the stanza of these bytes is stored; counted then, and not to be made a row of. */
  isKnown(buffer: Buffer, start: number, end: number): boolean;
  /** @throws OperatorError when the stanza is no package, or one that stood there already */
  stanza(stanza: Stanza): void;
  /**
   * Stanzas seen, rows written for those that were not known, and whether these stood in the order
   * of their names: where not, some may stand twice.
   */
  counts(): { stanzas: number; rows: number; inOrder: boolean };
}

export interface RowMakerOptions {
  kind: IndexKind;
  indexId: number;
  /** Ids of the stanzas that are stored, by their hash. Those that are seen are taken out. */
  known: KnownStanzas;
  nextId(): number;
  rows: CopyEncoder;
  /** For the files of sources. */
  files: CopyEncoder;
}

/** The table that packages of a kind go to. */
export function rowShape(kind: IndexKind): RowShape {
  return kind === "source" ? SOURCE_ROW : BINARY_ROW;
}

export function createRowMaker(options: RowMakerOptions): RowMaker {
  const { files, kind, known, nextId, rows } = options;
  const { columns } = rowShape(kind);
  const identify = kind === "source" ? identifySource : identifyBinary;
  const fileWriter = kind === "source" ? sourceFiles() : undefined;
  const isClean = createTextCheck();
  const duplicates = createDuplicateCheck();
  const facts = noFacts(options.indexId);
  let stanzas = 0;
  let written = 0;
  return {
    isKnown(buffer, start, end) {
      if (!known.take(stanzaHash(buffer, start, end))) return false;
      stanzas++;
      return true;
    },
    stanza(stanza) {
      stanzas++;
      const { version } = facts;
      identify(stanza, facts);
      duplicates.see(stanza, facts);
      facts.stanzaHash = stanzaHash(stanza.buffer, stanza.start, stanza.end);
      // Binaries of one source stand together and share its version.
      if (facts.version !== version) facts.versionKey = versionKey(facts.version);
      facts.id = nextId();
      facts.utf8 = isClean(stanza);
      rows.row(columns.length);
      for (const column of columns) column.write(rows, stanza, facts);
      fileWriter?.write(files, stanza, facts.id, facts.utf8);
      written++;
    },
    counts: () => ({ stanzas, rows: written, inOrder: duplicates.inOrder() }),
  };
}

/** Tells whether a stanza is UTF-8; looks at a whole buffer of stanzas at once. */
function createTextCheck(): (stanza: Stanza) => boolean {
  let checked: Buffer | undefined;
  let clean = false;
  return (stanza) => {
    const { buffer } = stanza;
    if (buffer !== checked) {
      checked = buffer;
      // Behind the last line feed a character may be cut in two.
      clean = isUtf8(buffer.subarray(0, buffer.lastIndexOf(0x0a) + 1));
    }
    return clean || isUtf8(buffer.subarray(stanza.start, stanza.end));
  };
}

/** A package of the name at hand, and the one before of the same name. */
interface Seen {
  version: string;
  architecture: string;
  line: number;
  before: Seen | undefined;
}

/** Finds what stands twice as long as names come in order, without keeping all of them. */
interface DuplicateCheck {
  /** @throws OperatorError `DUPLICATE_PACKAGE` with both lines */
  see(stanza: Stanza, identity: Identity): void;
  /** False once a name came behind a later one: others have to look for what stands twice. */
  inOrder(): boolean;
}

function createDuplicateCheck(): DuplicateCheck {
  let ordered = true;
  let current = "";
  let seen: Seen | undefined;
  return {
    see(stanza, { architecture, name, version }) {
      if (name !== current) {
        ordered &&= name > current;
        current = name;
        seen = undefined;
      }
      for (let one = seen; one !== undefined; one = one.before) {
        if (one.version !== version || one.architecture !== architecture) continue;
        throw new OperatorError(
          "DUPLICATE_PACKAGE",
          `${placeOf(stanza)}: the package ${name} ${version} ${architecture} stands here and ` +
            `on line ${one.line}.`,
          MEND_FILE,
        );
      }
      seen = { version, architecture, line: stanza.line, before: seen };
    },
    inOrder: () => ordered,
  };
}

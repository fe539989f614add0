/**
 * The command in what was said, or undefined when it was not said to the bot. Where nobody else
 * listens every line is; elsewhere a line that begins with `!lk`, `lk:`, `NAME:` or `@NAME`. Being
 * mentioned somewhere in a sentence is no command.
 *
 * @param names what people call the bot: `@laniakea:example.org`, `laniakea`
 * @param alone the room is for the speaker and the bot only
 */
export function commandIn(
  body: string,
  names: readonly string[],
  alone: boolean,
): string | undefined {
  const text = body.trim();
  const called = withoutAddress(text, names);
  if (called !== undefined) return called;
  return alone && text !== "" ? text : undefined;
}

function withoutAddress(text: string, names: readonly string[]): string | undefined {
  for (const [address, separator] of addresses(names)) {
    if (!text.toLowerCase().startsWith(address)) continue;
    const rest = text.slice(address.length);
    if (separator.test(rest)) return rest.replace(/^[:,]/, "").trim();
  }
  return undefined;
}

/** White space at the end: `@laniakea:elsewhere.org` is somebody else. */
const AFTER_CALL = /^[:,]?(\s|$)/;
/** A bare name begins many a sentence, so it needs its colon or comma. */
const AFTER_NAME = /^[:,](\s|$)/;

function* addresses(names: readonly string[]): Generator<[string, RegExp]> {
  yield ["!lk", AFTER_CALL];
  yield ["lk", AFTER_NAME];
  for (const name of names) {
    const lower = name.toLowerCase();
    if (lower === "") continue;
    yield [lower.startsWith("@") ? lower : `@${lower}`, AFTER_CALL];
    yield [lower, AFTER_NAME];
  }
}

/** What people call an account: its id, and the part before the colon as clients show it. */
export function namesOf(user: string): string[] {
  const name = /^@([^:]+):/.exec(user)?.[1];
  return name === undefined ? [] : [user, name];
}

/**
 * What is wrong with the name of a source or binary package, in words, or undefined when it is
 * valid: lower-case letters, digits and `+ - .`, at least two characters, the first a letter or a
 * digit (Debian Policy 5.6.1 and 5.6.7).
 */
export function packageNameFault(name: string): string | undefined {
  if (/^[a-z0-9][a-z0-9+.-]+$/.test(name)) return undefined;
  if (name.length < 2) return "it has less than two characters";
  if (!/^[a-z0-9]/.test(name)) return "it does not start with a lower-case letter or a digit";
  return "only a-z, 0-9, +, - and . are allowed";
}

/** As `packageNameFault`, for the name of an architecture such as `kfreebsd-amd64` or `all`. */
export function architectureFault(name: string): string | undefined {
  return /^[a-z0-9][a-z0-9-]*$/.test(name) ? undefined : "only a-z, 0-9 and - are allowed";
}

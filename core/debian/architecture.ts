/** An architecture taken apart as dpkg's ostable and cputable do. */
interface Parts {
  abi: string;
  libc: string;
  os: string;
  cpu: string;
}

/** Where the name does not tell: dpkg's tupletable. */
const SPECIAL: Readonly<Record<string, Partial<Parts>>> = {
  armel: { abi: "eabi", cpu: "arm" },
  armhf: { abi: "eabihf", cpu: "arm" },
  arm: { abi: "base", cpu: "arm" },
  x32: { abi: "x32", cpu: "amd64" },
  powerpcspe: { abi: "spe", cpu: "powerpc" },
  mipsn32: { abi: "abin32", cpu: "mips64" },
  mipsn32el: { abi: "abin32", cpu: "mips64el" },
  mipsn32r6: { abi: "abin32", cpu: "mips64r6" },
  mipsn32r6el: { abi: "abin32", cpu: "mips64r6el" },
  mips64: { abi: "abi64", cpu: "mips64" },
  mips64el: { abi: "abi64", cpu: "mips64el" },
  mips64r6: { abi: "abi64", cpu: "mips64r6" },
  mips64r6el: { abi: "abi64", cpu: "mips64r6el" },
  arm64ilp32: { abi: "ilp32", cpu: "arm64" },
};

/** The C library of a system where the name of the architecture does not say. */
const LIBC: Readonly<Record<string, string>> = {
  linux: "gnu",
  kfreebsd: "gnu",
  knetbsd: "gnu",
  kopensolaris: "gnu",
  hurd: "gnu",
  uclinux: "uclibc",
  solaris: "sysv",
  aix: "aix",
  mint: "mint",
};

/**
 * Whether an architecture is the one that is named, or falls under a wildcard such as `any`,
 * `linux-any`, `any-arm` or `musl-any-any` (Policy 11.1, dpkg-architecture(1) `-i`). `all` is no
 * part of `any`.
 */
export function architectureMatches(architecture: string, pattern: string): boolean {
  if (architecture === pattern) return true;
  if (architecture === "all") return false;
  if (pattern === "any") return true;
  const wanted = wildcardParts(pattern);
  if (wanted === undefined) return false;
  const has = partsOf(architecture);
  return (["abi", "libc", "os", "cpu"] as const).every(
    (part) => wanted[part] === "any" || wanted[part] === has[part],
  );
}

/** `os-cpu`, `libc-os-cpu` or `abi-libc-os-cpu`, where at least one is `any`. */
function wildcardParts(pattern: string): Parts | undefined {
  const words = pattern.split("-");
  if (!words.includes("any") || words.length < 2 || words.length > 4) return undefined;
  const [abi, libc, os, cpu] = [...Array<string>(4 - words.length).fill("any"), ...words];
  return { abi: abi ?? "any", libc: libc ?? "any", os: os ?? "any", cpu: cpu ?? "any" };
}

function partsOf(architecture: string): Parts {
  const words = architecture.split("-");
  const name = words.at(-1) ?? "";
  // `musl-linux-amd64` names libc and system, `kfreebsd-amd64` the system alone.
  const [os = "linux", libc = LIBC[os] ?? "bsd"] = words.slice(0, -1).reverse();
  return { abi: "base", libc, os, cpu: name, ...SPECIAL[name] };
}

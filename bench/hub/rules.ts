import type {
  SubscriptionKind,
  Subscription,
} from "../../hub/routing/subscription/subscription.ts";

/** As many source packages as Debian has, about. */
export const PACKAGES = 38_000;
/** People follow some ten packages each. */
const EACH = 10;

const STARTS = ["lib", "python-", "node-", "golang-", "ruby-", "", "", "", "", ""];

/** A name of a package, one of `PACKAGES`, as alike as Debian's. */
export function packageName(number: number): string {
  const place = (number * 7_919) % PACKAGES;
  return `${STARTS[place % STARTS.length]}${((place * 48_271) % 2_147_483_647).toString(36)}`;
}

/**
 * Subscriptions as people have them: most to one package, some to a source, a maintainer or a
 * person, some with a condition, a few by pattern or by expression alone.
 */
export function subscriptions(count: number): Subscription[] {
  return Array.from({ length: count }, (_, number) => ({
    ...wanted(number),
    id: String(number + 1),
    destination: `email:person${Math.floor(number / EACH)}@example.org`,
    keywords: null,
    muted: [],
    owner: `person${Math.floor(number / EACH)}@example.org`,
    createdBy: "mail",
    createdAt: new Date(0),
  }));
}

interface Wanted {
  kind: SubscriptionKind;
  value: string;
  condition: string;
}

function wanted(number: number): Wanted {
  const name = packageName(number);
  const plain = (kind: SubscriptionKind, value: string): Wanted => ({ kind, value, condition: "" });
  switch (number % 20) {
    case 0:
      return plain("source", name);
    case 1:
      return plain("maintainer", `maintainer${number % 3_000}@example.org`);
    case 2:
      return plain("person", `uploader${number % 3_000}@example.org`);
    case 3:
      return { kind: "package", value: name, condition: "suite = landing" };
    case 4:
      return plain("package", `${name.slice(0, -2)}*`);
    case 5:
      return {
        kind: "matching",
        value: "",
        condition: `package in (${name}, ${name}-data) and not version << 2.0`,
      };
    default:
      return plain("package", name);
  }
}

/** The data of an accepted upload, about 700 bytes when it is signed. */
export function upload(number: number): Record<string, unknown> {
  const name = packageName(number);
  const version = `2.12-${number}`;
  return {
    repo: "master",
    suite: "landing",
    upload_name: `${name}_${version}_source`,
    is_new: false,
    files: [`${name}_2.12.orig.tar.xz`, `${name}_${version}.dsc`, `${name}_${version}_amd64.deb`],
    changes: `${name} (${version}) landing; urgency=medium\n\n  * New upstream release.\n  * Ünïcode.`,
    source_name: name,
    source_version: version,
    source_maintainer: `A Maintainer <maintainer${number % 3_000}@example.org>`,
  };
}

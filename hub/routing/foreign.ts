/**
 * `Origin` of distributions that others derive from, as their Release files have it. Whoever
 * imports them is not to write to their developers.
 */
const ORIGINS = new Set([
  "canonical",
  "debian",
  "debian backports",
  "debian ports",
  "devuan",
  "elementary",
  "kali",
  "linuxmint",
  "mx linux",
  "parrot",
  "pop!_os",
  "proxmox",
  "raspberry pi foundation",
  "raspbian",
  "tails",
  "trisquel",
  "ubuntu",
]);

/** Hosts of their people and lists, also below them: lists.alioth.debian.org. */
const HOSTS = ["debian.org", "debian.net", "ubuntu.com", "canonical.com", "launchpad.net"];

/** True for the `Origin` of another distribution; false for none, and for names nobody knows. */
export function isForeignOrigin(origin: string | null): boolean {
  return origin !== null && ORIGINS.has(origin.trim().toLowerCase());
}

/** True for an address at another distribution. */
export function isForeignAddress(address: string): boolean {
  const host = address.slice(address.lastIndexOf("@") + 1).toLowerCase();
  return HOSTS.some((one) => host === one || host.endsWith(`.${one}`));
}

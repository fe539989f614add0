import { lookup as resolveName, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** An address that hooks must not reach: this machine, or its neighbours in a private network. */
export class AddressRefused extends Error {
  constructor(host: string) {
    super(`${host} is an address of a private network; see webhook.private_hosts`);
    this.name = "AddressRefused";
  }
}

/**
 * Whether an address belongs to the public Internet: none of the ranges of the IANA registries for
 * special purposes (RFC 6890), also when it is an IPv4 address in the clothes of IPv6 (mapped,
 * NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // "process" takes the IPv4 address out of a mapped one.
  return ipaddr.process(address).range() === "unicast";
}

/**
 * Resolves names for connections, and refuses what is not public. It is asked for the very address
 * that is connected to, so that a name cannot be public when it is checked and private when it is
 * used (DNS rebinding).
 *
 * @param allowed hosts that may be private, in lower case
 */
export function guardedLookup(allowed: ReadonlySet<string>): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const refused = addresses.some(({ address }) => !isPublicAddress(address));
      if (refused && !allowed.has(hostname.toLowerCase())) {
        return callback(new AddressRefused(hostname), "", 0);
      }
      answer(addresses, options.all === true, callback);
    });
  };
}

function answer(
  addresses: LookupAddress[],
  all: boolean,
  callback: Parameters<LookupFunction>[2],
): void {
  const [first] = addresses;
  if (all) callback(null, addresses);
  else if (first === undefined) callback(new Error("the name has no address"), "", 0);
  else callback(null, first.address, first.family);
}

/** Refuses addresses in the URL itself, which are never looked up. @throws AddressRefused */
export function refuseLiteral(url: URL, allowed: ReadonlySet<string>): void {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (isIP(host) !== 0 && !isPublicAddress(host) && !allowed.has(host))
    throw new AddressRefused(host);
}

import { OperatorError } from "../../errors.ts";

/** An address for people: without the password that it may hold. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/@]*@/, "$1");
}

/** The address of a file in an archive. */
export function archiveUrl(mirror: string, path: string): string {
  return `${mirror.replace(/\/+$/, "")}/${path}`;
}

/** Nothing can be got from an address. */
export function unreachable(url: string, reason: string, cause?: unknown): OperatorError {
  return new OperatorError(
    "MIRROR_UNREACHABLE",
    `Cannot fetch ${shownUrl(url)}: ${reason}.`,
    "Check the address and the network, or add another mirror to the repository.",
    { cause },
  );
}

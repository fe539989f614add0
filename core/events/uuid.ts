import { createHash, randomBytes } from "node:crypto";

/** 100 ns steps between the start of the Gregorian calendar and 1970 (RFC 9562, section 5.1). */
const GREGORIAN_OFFSET = 0x01b2_1dd2_1381_4000n;
const GREGORIAN_OFFSET_MS = Number(GREGORIAN_OFFSET / 10_000n);
const PATTERN = /^([0-9a-f]{8})-([0-9a-f]{4})-1([0-9a-f]{3})-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Steps that are counted on when the clock stands still: one second of them. */
const PATIENCE = 10_000_000n;

/** Clock sequence and node: random, the multicast bit set (section 6.10). */
let place = randomPlace();
let last = 0n;

/** A version 1 UUID of now, as Laniakea's events carry. Never the same twice. */
export function newUuid(now: number = Date.now()): string {
  const ticks = BigInt(Math.trunc(now)) * 10_000n + GREGORIAN_OFFSET;
  // A clock that was set back gets a new clock sequence, so that times stay true (section 6.1).
  if (ticks < last - PATIENCE) place = randomPlace();
  last = ticks <= last && ticks >= last - PATIENCE ? last + 1n : ticks;
  return textOf(last, place);
}

/** A version 1 UUID of a time that is the same for the same key, and of no other. */
export function stableUuid(time: Date, key: string): string {
  const ticks = BigInt(time.getTime()) * 10_000n + GREGORIAN_OFFSET;
  return textOf(ticks, placeText(createHash("sha256").update(key).digest().subarray(0, 8)));
}

/** When a version 1 UUID was made, or undefined when the text is not one. */
export function uuidTime(uuid: string): Date | undefined {
  const [, low, middle, high] = PATTERN.exec(uuid) ?? [];
  if (low === undefined || middle === undefined || high === undefined) return undefined;
  // high and middle count 2^32 ticks each, which are 429496 ms and 7296 ticks: all stays exact.
  const upper = Number.parseInt(high + middle, 16);
  const ticks = upper * 7_296 + Number.parseInt(low, 16);
  return new Date(upper * 429_496 + Math.floor(ticks / 10_000) - GREGORIAN_OFFSET_MS);
}

function textOf(ticks: bigint, at: string): string {
  const hex = ticks.toString(16).padStart(15, "0");
  return `${hex.slice(7)}-${hex.slice(3, 7)}-1${hex.slice(0, 3)}-${at}`;
}

function randomPlace(): string {
  return placeText(randomBytes(8));
}

/** Eight bytes as clock sequence and node. */
function placeText(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x80, 0);
  bytes.writeUInt8(bytes.readUInt8(2) | 1, 2);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 4)}-${hex.slice(4)}`;
}

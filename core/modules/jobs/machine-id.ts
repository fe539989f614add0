import { createHash } from "node:crypto";

/** Namespace of the ids that build workers give themselves. */
const NAMESPACE = Buffer.from("d44a99a20b5d415b808a790ad4684309", "hex");

/** The id of a worker by its name: a version 5 UUID (RFC 9562, section 5.5), as Spark makes it. */
export function machineId(name: string): string {
  const hash = createHash("sha1").update(NAMESPACE).update(name).digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

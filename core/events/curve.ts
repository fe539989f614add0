import { randomBytes } from "node:crypto";
import sodium from "sodium-native";
import nacl from "tweetnacl";

/** A CURVE key pair, 32 bytes each. */
export interface CurvePair {
  publicKey: Buffer;
  secretKey: Buffer;
}

/** A part of a message as it was before it was enciphered. */
export interface CurvePart {
  command: boolean;
  more: boolean;
  payload: Buffer;
}

/**
 * The server's side of CurveZMQ (ZeroMQ RFC 26) on one connection:
 *
 * hello: HELLO → WELCOME, then initiate: INITIATE → READY, then open: messages both ways. Anything
 * else, and everything that was not made with the right keys, throws: the connection is over.
 */
export interface CurveSession {
  /** The client's permanent key once it is proved, Z85 not applied; undefined before. */
  clientKey(): Buffer | undefined;
  /** Takes a command of the handshake. @returns the command to answer, and what the client said */
  shake(command: Buffer): { answer: Buffer; metadata?: Buffer };
  open(body: Buffer): CurvePart;
  seal(part: CurvePart): Buffer;
}

const KEY = 32;
const MAC = 16;
const COOKIE = 96;
const VOUCH = 2 * KEY + MAC;
const HELLO = command("HELLO");
const WELCOME = command("WELCOME");
const INITIATE = command("INITIATE");
const READY = command("READY");
const MESSAGE = command("MESSAGE");
const MORE = 0b01;
const COMMAND = 0b10;

/** @param metadata what the server tells of itself */
export function createCurveSession(server: CurvePair, metadata: Buffer): CurveSession {
  const passing = newPair();
  const cookie = randomBytes(COOKIE);
  let state: "hello" | "initiate" | "open" = "hello";
  /** The client's key for this connection only. */
  let theirs: Buffer = Buffer.alloc(KEY);
  let shared: Buffer = Buffer.alloc(KEY);
  let client: Buffer | undefined;
  let received = 0n;
  let sent = 0n;

  /** Each of the client's nonces is higher than the one before, so that nothing comes twice. */
  function nextNonce(prefix: string, bytes: Buffer): Buffer {
    const counter = bytes.readBigUInt64BE(0);
    if (counter <= received) throw new Error("a nonce came again");
    received = counter;
    return Buffer.concat([Buffer.from(prefix), bytes]);
  }

  function ownNonce(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE((sent += 1n));
    return bytes;
  }

  function hello(body: Buffer): Buffer {
    if (body.length !== 200 || body[6] !== 1 || body[7] !== 0) throw new Error("no HELLO");
    theirs = Buffer.from(body.subarray(80, 112));
    const nonce = nextNonce("CurveZMQHELLO---", body.subarray(112, 120));
    openBox(body.subarray(120), nonce, theirs, server.secretKey);
    state = "initiate";
    const own = randomBytes(16);
    const text = Buffer.concat([passing.publicKey, cookie]);
    const box = sealBox(text, named("WELCOME-", own), theirs, server.secretKey);
    return Buffer.concat([WELCOME, own, box]);
  }

  function initiate(body: Buffer): { answer: Buffer; metadata: Buffer } {
    const at = INITIATE.length + COOKIE;
    if (!body.subarray(INITIATE.length, at).equals(cookie)) throw new Error("no cookie of ours");
    const nonce = nextNonce("CurveZMQINITIATE", body.subarray(at, at + 8));
    const text = openBox(body.subarray(at + 8), nonce, theirs, passing.secretKey);
    const key = text.subarray(0, KEY);
    const vouchNonce = named("VOUCH---", text.subarray(KEY, KEY + 16));
    const box = text.subarray(KEY + 16, KEY + 16 + VOUCH);
    const vouch = openBox(box, vouchNonce, key, passing.secretKey);
    // Only the holder of the permanent key can have tied the passing one to it and to us.
    if (!vouch.equals(Buffer.concat([theirs, server.publicKey]))) throw new Error("no vouch");
    client = Buffer.from(key);
    shared = sharedKey(theirs, passing.secretKey);
    state = "open";
    const own = ownNonce();
    const ready = sealShared(metadata, named("CurveZMQREADY---", own), shared);
    const said = Buffer.from(text.subarray(KEY + 16 + VOUCH));
    return { answer: Buffer.concat([READY, own, ready]), metadata: said };
  }

  return {
    clientKey: () => client,
    shake(body) {
      if (state === "hello" && starts(body, HELLO)) return { answer: hello(body) };
      if (state === "initiate" && starts(body, INITIATE)) return initiate(body);
      throw new Error("not what the handshake is at");
    },
    open(body) {
      if (state !== "open" || !starts(body, MESSAGE)) throw new Error("no message");
      const nonce = nextNonce("CurveZMQMESSAGEC", body.subarray(8, 16));
      const text = openShared(body.subarray(16), nonce, shared);
      const flags = text[0] ?? 0;
      return {
        command: (flags & COMMAND) !== 0,
        more: (flags & MORE) !== 0,
        payload: text.subarray(1),
      };
    },
    seal({ command: isCommand, more, payload }) {
      const own = ownNonce();
      const flags = (more ? MORE : 0) | (isCommand ? COMMAND : 0);
      const text = Buffer.concat([Buffer.from([flags]), payload]);
      const box = sealShared(text, named("CurveZMQMESSAGES", own), shared);
      return Buffer.concat([MESSAGE, own, box]);
    },
  };
}

/** The answer to a client that may not come in, with a status of ZAP (RFC 27): 400 is final. */
export function refusal(status: string): Buffer {
  return Buffer.concat([command("ERROR"), Buffer.from([status.length]), Buffer.from(status)]);
}

/** The pair that belongs to a secret key. */
export function pairOf(secretKey: Buffer): CurvePair {
  const publicKey = Buffer.alloc(KEY);
  sodium.crypto_scalarmult_base(publicKey, secretKey);
  return { publicKey, secretKey };
}

function newPair(): CurvePair {
  const publicKey = Buffer.alloc(KEY);
  const secretKey = Buffer.alloc(KEY);
  sodium.crypto_box_keypair(publicKey, secretKey);
  return { publicKey, secretKey };
}

function command(name: string): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name)]);
}

function starts(body: Buffer, name: Buffer): boolean {
  return body.subarray(0, name.length).equals(name);
}

function named(prefix: string, rest: Buffer): Buffer {
  return Buffer.concat([Buffer.from(prefix), rest]);
}

function openBox(box: Buffer, nonce: Buffer, theirKey: Buffer, ownKey: Buffer): Buffer {
  return opened(box, (text) => sodium.crypto_box_open_easy(text, box, nonce, theirKey, ownKey));
}

function openShared(box: Buffer, nonce: Buffer, key: Buffer): Buffer {
  return opened(box, (text) => sodium.crypto_secretbox_open_easy(text, box, nonce, key));
}

function opened(box: Buffer, open: (text: Buffer) => boolean): Buffer {
  if (box.length < MAC) throw new Error("too short to be a box");
  const text = Buffer.alloc(box.length - MAC);
  if (!open(text)) throw new Error("a box was made with other keys");
  return text;
}

function sealBox(text: Buffer, nonce: Buffer, theirKey: Buffer, ownKey: Buffer): Buffer {
  const box = Buffer.alloc(text.length + MAC);
  sodium.crypto_box_easy(box, text, nonce, theirKey, ownKey);
  return box;
}

function sealShared(text: Buffer, nonce: Buffer, key: Buffer): Buffer {
  const box = Buffer.alloc(text.length + MAC);
  sodium.crypto_secretbox_easy(box, text, nonce, key);
  return box;
}

/** A part of tweetnacl that its types leave out. */
const { lowlevel } = nacl as unknown as {
  lowlevel: {
    crypto_core_hsalsa20(out: Buffer, input: Buffer, key: Buffer, constant: Buffer): void;
  };
};
const SIGMA = Buffer.from("expand 32-byte k");

/** crypto_box_beforenm, which the binding leaves out: boxes under it are secret boxes. */
function sharedKey(theirKey: Buffer, ownKey: Buffer): Buffer {
  const point = Buffer.alloc(KEY);
  sodium.crypto_scalarmult(point, ownKey, theirKey);
  const key = Buffer.alloc(KEY);
  lowlevel.crypto_core_hsalsa20(key, Buffer.alloc(16), point, SIGMA);
  return key;
}

import { randomBytes } from "node:crypto";
import test from "ava";
import nacl from "tweetnacl";
import { fromZ85, z85 } from "../../../core/events/z85.ts";
import { createCurveSession, type CurveSession, pairOf } from "../../../core/events/curve.ts";

/** The client's side of CurveZMQ (ZeroMQ RFC 26), over tweetnacl. */
interface Client {
  hello(): Buffer;
  /** @param turn spoils what it says before it is enciphered */
  initiate(welcome: Buffer, turn?: (text: Buffer) => void): Buffer;
  ready(answer: Buffer): void;
  seal(text: string): Buffer;
  open(body: Buffer): string;
}

const server = pairOf(randomBytes(32));

function nonce(prefix: string, counter: number | Buffer): Buffer {
  const bytes = Buffer.isBuffer(counter) ? counter : Buffer.alloc(8);
  if (!Buffer.isBuffer(counter)) bytes.writeBigUInt64BE(BigInt(counter));
  return Buffer.concat([Buffer.from(prefix), bytes]);
}

function connect(own = nacl.box.keyPair()): Client {
  const passing = nacl.box.keyPair();
  let passingServer = Buffer.alloc(32);
  let counter = 2;
  return {
    hello() {
      const box = nacl.box(
        Buffer.alloc(64),
        nonce("CurveZMQHELLO---", 1),
        server.publicKey,
        passing.secretKey,
      );
      return Buffer.concat([
        Buffer.from("\x05HELLO\x01\0"),
        Buffer.alloc(72),
        passing.publicKey,
        nonce("", 1),
        box,
      ]);
    },
    initiate(welcome, turn = () => undefined) {
      const text = nacl.box.open(
        welcome.subarray(24),
        nonce("WELCOME-", welcome.subarray(8, 24)),
        server.publicKey,
        passing.secretKey,
      );
      if (text === null) throw new Error("no WELCOME of this server");
      passingServer = Buffer.from(text.subarray(0, 32));
      const vouchNonce = randomBytes(16);
      const vouch = nacl.box(
        Buffer.concat([passing.publicKey, server.publicKey]),
        nonce("VOUCH---", vouchNonce),
        passingServer,
        own.secretKey,
      );
      const said = Buffer.concat([own.publicKey, vouchNonce, vouch, Buffer.from("metadata")]);
      turn(said);
      const box = nacl.box(said, nonce("CurveZMQINITIATE", 2), passingServer, passing.secretKey);
      return Buffer.concat([Buffer.from("\x08INITIATE"), text.subarray(32), nonce("", 2), box]);
    },
    ready(answer) {
      const box = answer.subarray(14);
      if (
        nacl.box.open(
          box,
          nonce("CurveZMQREADY---", answer.subarray(6, 14)),
          passingServer,
          passing.secretKey,
        ) === null
      )
        throw new Error("no READY");
    },
    seal(text) {
      counter += 1;
      const box = nacl.box(
        Buffer.from(`\0${text}`),
        nonce("CurveZMQMESSAGEC", counter),
        passingServer,
        passing.secretKey,
      );
      return Buffer.concat([Buffer.from("\x07MESSAGE"), nonce("", counter), box]);
    },
    open(body) {
      const text = nacl.box.open(
        body.subarray(16),
        nonce("CurveZMQMESSAGES", body.subarray(8, 16)),
        passingServer,
        passing.secretKey,
      );
      return text === null ? "" : Buffer.from(text).toString("latin1", 1);
    },
  };
}

function session(): CurveSession {
  return createCurveSession(server, Buffer.from("meta"));
}

function shaken(client: Client): CurveSession {
  const made = session();
  client.ready(made.shake(client.initiate(made.shake(client.hello()).answer)).answer);
  return made;
}

test("a client proves its key, and both sides read each other", (t) => {
  const own = nacl.box.keyPair();
  const client = connect(own);
  const made = session();
  const welcome = made.shake(client.hello()).answer;
  t.is(made.clientKey(), undefined);
  const { answer, metadata } = made.shake(client.initiate(welcome));
  client.ready(answer);
  t.deepEqual(metadata, Buffer.from("metadata"));
  t.deepEqual(made.clientKey(), Buffer.from(own.publicKey));
  t.like(made.open(client.seal("request")), {
    command: false,
    more: false,
    payload: Buffer.from("request"),
  });
  t.is(
    client.open(made.seal({ command: false, more: false, payload: Buffer.from("reply") })),
    "reply",
  );
});

test("who does not hold the key that it names is not let in", (t) => {
  const client = connect();
  const made = session();
  const foreign = nacl.box.keyPair().publicKey;
  const said = client.initiate(made.shake(client.hello()).answer, (text) => text.set(foreign, 0));
  t.throws(() => made.shake(said));
  t.is(made.clientKey(), undefined);
});

test("a message that comes again, or from another connection, is refused", (t) => {
  const client = connect();
  const made = shaken(client);
  const first = client.seal("one");
  const second = client.seal("two");
  made.open(first);
  made.open(second);
  t.throws(() => made.open(first), { message: /came again/ });
  t.throws(() => shaken(connect()).open(client.seal("three")));
});

test("nothing that is changed by a bit gets through, and nothing out of turn", (t) => {
  const client = connect();
  t.throws(() => session().open(Buffer.from("\x07MESSAGE")));
  t.throws(() => session().shake(Buffer.from("\x08INITIATE")));
  const turned = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
  const hello = client.hello();
  for (let at = 0; at < hello.length; at += 1) {
    // Padding is not looked at.
    if (at < 8 || at >= 80)
      t.throws(() => session().shake(turned(hello, at)), undefined, `HELLO ${at}`);
  }
  for (let at = 0; at < 300; at += 7) {
    const made = session();
    const said = client.initiate(made.shake(hello).answer);
    if (at < said.length) t.throws(() => made.shake(turned(said, at)), undefined, `INITIATE ${at}`);
  }
  const made = shaken(client);
  const message = client.seal("request");
  for (let at = 0; at < message.length; at += 1) {
    t.throws(() => made.open(turned(message, at)), undefined, `MESSAGE ${at}`);
  }
  t.throws(() => made.shake(hello), undefined, "a handshake is once");
});

test("keys are read back from the spelling of ZeroMQ (RFC 32)", (t) => {
  const { publicKey } = server;
  t.deepEqual(fromZ85(z85(publicKey)), publicKey);
  t.deepEqual(fromZ85("HelloWorld"), Buffer.from("864fd26fb559f75b", "hex"));
  for (const wrong of ["Hell", "Hello World", '"~~~~', "%%%%%"]) t.throws(() => fromZ85(wrong));
});

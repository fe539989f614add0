import { Request } from "zeromq";
import { newKeyPair, parseKeyFile } from "../../core/events/key-file.ts";
import { type Keyring, writeKeyFile } from "../../core/events/keyring.ts";
import { machineId } from "../../core/modules/jobs/machine-id.ts";

/** A key that a build worker connects with. */
export interface SparkKey {
  publicKey: string;
  secretKey: string;
}

/** A build worker as Python's Spark is one on the wire: a REQ socket and compact JSON. */
export interface Spark {
  /** Sends a request of this machine and gives the bytes of the answer. */
  ask(request: string, fields?: Record<string, unknown>): Promise<string>;
  /** Sends any bytes. */
  send(...frames: (string | Buffer)[]): Promise<string>;
  close(): void;
}

/** Makes a key and lets a keyring trust it. */
export function trustedSparkKey(keyring: Keyring, id: string): SparkKey {
  const pair = newKeyPair(id);
  writeKeyFile(keyring.trustedFile(id), pair.public, 0o644, true);
  return curveOf(pair.secret);
}

/** The CURVE pair in the text of a secret key file. */
export function curveOf(text: string): SparkKey {
  const { curve } = parseKeyFile(text, "key");
  if (curve?.secretKey === undefined) throw new Error("a key file without a CURVE secret key");
  return { publicKey: curve.publicKey, secretKey: curve.secretKey };
}

export function connectSpark(options: {
  name: string;
  endpoint: string;
  serverKey: string;
  key: SparkKey;
  /** Milliseconds to wait for an answer. */
  patience?: number;
}): Spark {
  const { name, endpoint, key } = options;
  const socket = new Request({
    relaxed: true,
    curveServerKey: options.serverKey,
    curvePublicKey: key.publicKey,
    curveSecretKey: key.secretKey,
    receiveTimeout: options.patience ?? 20_000,
    linger: 0,
  });
  socket.connect(endpoint);
  const send = async (...frames: (string | Buffer)[]): Promise<string> => {
    await socket.send(frames);
    const [answer] = await socket.receive();
    return answer?.toString() ?? "";
  };
  return {
    send,
    ask: (request, fields = {}) =>
      send(JSON.stringify({ machine_name: name, machine_id: machineId(name), request, ...fields })),
    close: () => socket.close(),
  };
}

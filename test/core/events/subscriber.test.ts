import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { Publisher } from "zeromq";
import { Keyring } from "../../../core/events/keyring.ts";
import { readVerifyKey, type TrustedKeys } from "../../../core/events/signature.ts";
import { createSubscriber } from "../../../core/events/subscriber.ts";
import { verifyFrame } from "../../../core/events/verify.ts";
import { silentLog } from "../../../core/log.ts";
import { tailEvents } from "../../../core/modules/lighthouse/tail.ts";

const vectors = JSON.parse(readFileSync("test/fixtures/events/signed-events.json", "utf8")) as {
  trusted: Record<string, string>;
  cases: { name: string; wire: string; accept: boolean }[];
};
const trusted: TrustedKeys = {
  verifyKeys: (signer) => {
    const text = vectors.trusted[signer];
    const key = text === undefined ? undefined : readVerifyKey(text);
    return key === undefined ? [] : [key];
  },
};

async function publisher(endpoint = "tcp://127.0.0.1:*"): Promise<Publisher> {
  const socket = new Publisher();
  await socket.bind(endpoint);
  return socket;
}

/** Sends hello until it was heard: PUB drops what nobody listens to yet. */
async function introduce(socket: Publisher, heard: () => boolean): Promise<void> {
  while (!heard()) {
    await socket.send(["hello", "hello"]);
    await sleep(20);
  }
}

test("frames of several Lighthouses are handed on as they came; others are set aside", async (t) => {
  const sockets = [await publisher(), await publisher()];
  const endpoints = sockets.map((socket) => socket.lastEndpoint ?? "");
  const heard: string[] = [];
  const misshapen: number[] = [];
  const subscriber = createSubscriber({
    endpoints,
    onFrame(json, endpoint) {
      heard.push(`${endpoints.indexOf(endpoint)} ${json.toString()}`);
      if (json.toString() === "bad") throw new Error("the reader has a bug");
    },
    onMisshapen: (frames) => misshapen.push(frames.length),
    log: silentLog(),
  });
  await subscriber.start();
  for (const [index, socket] of sockets.entries()) {
    await introduce(socket, () => heard.includes(`${index} hello`));
    for (const frames of [["t", "bad"], ["one"], ["a", "b", "c"], ["t", "last"]]) {
      await socket.send(frames);
    }
  }
  while (!heard.includes("0 last") || !heard.includes("1 last")) await sleep(10);
  t.deepEqual(misshapen, [1, 3, 1, 3]);
  await subscriber.stop();
  await subscriber.stop();
  for (const socket of sockets) socket.close();
});

test("a Lighthouse that comes back is heard again", async (t) => {
  const first = await publisher();
  const endpoint = first.lastEndpoint ?? "";
  const heard: string[] = [];
  const subscriber = createSubscriber({
    endpoints: [endpoint],
    onFrame: (json) => void heard.push(json.toString()),
    log: silentLog(),
  });
  await subscriber.start();
  await introduce(first, () => heard.length > 0);
  first.close();
  heard.length = 0;
  let second: Publisher | undefined;
  while (second === undefined) second = await publisher(endpoint).catch(() => undefined);
  await introduce(second, () => heard.length > 0);
  await subscriber.stop();
  second.close();
  t.pass();
});

test("the tail of the bus verifies for itself and ends with its signal", async (t) => {
  const socket = await publisher();
  const ended = new AbortController();
  const seen: string[] = [];
  let greeted = false;
  const reading = (async () => {
    const tail = tailEvents({
      lighthouses: [{ publish: socket.lastEndpoint ?? "" }],
      keyring: new Keyring("/nonexistent"),
      decide: (bytes) => verifyFrame(bytes, trusted),
      signal: ended.signal,
      log: silentLog(),
    });
    for await (const { verdict } of tail) {
      greeted = true;
      if (verdict.accepted) seen.push(verdict.event.tag);
      else if (verdict.code !== "not-json") seen.push(verdict.reason);
      if (seen.length === 2) ended.abort();
    }
  })();
  await introduce(socket, () => greeted);
  await socket.send(["t", vectors.cases[0]?.wire ?? ""]);
  await socket.send(["t", vectors.cases[3]?.wire ?? ""]);
  await reading;
  t.deepEqual(seen, ["_lk.archive.plain", "the signature of archive-host is wrong"]);
  socket.close();
});

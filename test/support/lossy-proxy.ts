import { Publisher, Subscriber } from "zeromq";

/** A network between a publisher and its subscribers that loses what it is told to lose. */
export interface LossyProxy {
  endpoint: string;
  passed: number;
  dropped: number;
  close(): Promise<void>;
}

/** Hands frames on unless `loses` says so for one. */
export async function startLossyProxy(
  upstream: string,
  loses: (frames: Buffer[]) => boolean,
): Promise<LossyProxy> {
  const front = new Subscriber({ receiveHighWaterMark: 0 });
  const back = new Publisher({ sendHighWaterMark: 0 });
  await back.bind("tcp://127.0.0.1:*");
  front.subscribe();
  front.connect(upstream);
  const proxy = { endpoint: back.lastEndpoint ?? "", passed: 0, dropped: 0, close };
  const loop = (async () => {
    for await (const frames of front) {
      if (loses(frames)) proxy.dropped += 1;
      else {
        proxy.passed += 1;
        await back.send(frames);
      }
    }
  })();
  async function close(): Promise<void> {
    front.close();
    await loop;
    back.close();
  }
  return proxy;
}

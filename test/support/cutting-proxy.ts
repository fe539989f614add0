import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A network between a client and a server that breaks connections when it is told to. */
export interface CuttingProxy {
  url: string;
  /** Connections that were cut so far. */
  cuts(): { before: number; after: number };
  close(): Promise<void>;
}

/** Whether a request is cut off: before the server hears of it, or after it has answered. */
export type Cut = "before" | "after" | undefined;

/**
 * Hands on bytes to an HTTP server of this machine. One request at a time goes over a connection,
 * as Node's clients do without pipelining, so what the client writes first is its head.
 *
 * @param decide is given the first line of each request: `PUT /_matrix/… HTTP/1.1`
 */
export async function startCuttingProxy(
  upstream: string,
  decide: (requestLine: string) => Cut,
): Promise<CuttingProxy> {
  const { hostname, port } = new URL(upstream);
  const cuts = { before: 0, after: 0 };
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const behind = connect(Number(port), hostname);
    let cut: Cut;
    for (const socket of [client, behind]) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        open.delete(socket);
        client.destroy();
        behind.destroy();
      });
    }
    client.on("data", (bytes) => {
      const [line = ""] = bytes.toString("latin1").split("\r\n", 1);
      if (/^[A-Z]+ \/\S* HTTP\/1\.1$/.test(line)) cut = decide(line);
      if (cut !== "before") return behind.write(bytes);
      cuts.before += 1;
      return client.destroy();
    });
    behind.on("data", (bytes) => {
      if (cut !== "after") return client.write(bytes);
      cuts.after += 1;
      return client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => ({ ...cuts }),
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

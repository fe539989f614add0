import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Dealer } from "zeromq";
import { runProgram, tell } from "./program.ts";

/** Sends the lines of a file as Laniakea's emitters send: one frame each, no answer expected. */
runProgram(async ([endpoint = "", file = "", count = "", rate = "0"]) => {
  const socket = new Dealer();
  socket.connect(endpoint);
  const perSecond = Number(rate);
  const began = performance.now();
  let sent = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (sent >= Number(count)) break;
    await socket.send(line);
    sent += 1;
    if (perSecond === 0 || sent % 100 !== 0) continue;
    const ahead = (sent / perSecond) * 1000 - (performance.now() - began);
    if (ahead > 5) await sleep(ahead);
  }
  tell({ sent, seconds: (performance.now() - began) / 1000 });
  // ZeroMQ hands over what it still has; the default linger waits for ever.
  socket.close();
});

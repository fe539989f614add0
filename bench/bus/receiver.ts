import { Router } from "zeromq";
import { admitFrame } from "../../core/events/admission.ts";
import { Keyring } from "../../core/events/keyring.ts";
import { runProgram, tell } from "./program.ts";

const DAY_MS = 86_400_000;

/** The same as `receiver.py` does, in our code: socket, JSON, signature, rights; no database. */
runProgram(async ([endpoint = "", count = "", keys = ""]) => {
  const rules = { authority: new Keyring(keys), window: 30 * DAY_MS };
  const socket = new Router({ receiveHighWaterMark: 1_000 });
  await socket.bind(endpoint);
  tell({ endpoint: socket.lastEndpoint });
  let received = 0;
  let begun = 0;
  let before = process.cpuUsage();
  while (received < Number(count)) {
    const [, json] = await socket.receive();
    if (received === 0) {
      before = process.cpuUsage();
      begun = performance.now();
    }
    if (json === undefined || !admitFrame(json, "submit", rules).accepted) {
      throw new Error("an event is not valid");
    }
    received += 1;
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - begun) / 1000;
  tell({ received, cpu: (user + system) / 1e6, seconds });
  socket.close();
});

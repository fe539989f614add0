import { Subscriber } from "zeromq";
import { Keyring } from "../../core/events/keyring.ts";
import { verifyFrame } from "../../core/events/verify.ts";
import { runProgram, tell } from "./program.ts";

/** Listens to Lighthouse and verifies each event, as a hub does; says once a second how many. */
runProgram(async ([endpoint = "", keys = ""]) => {
  const trusted = new Keyring(keys);
  const socket = new Subscriber({ receiveHighWaterMark: 100_000 });
  socket.subscribe();
  socket.connect(endpoint);
  let heard = 0;
  let refused = 0;
  setInterval(() => tell({ heard, refused }), 1000);
  tell({ heard, refused });
  for await (const [, json] of socket) {
    if (json !== undefined && verifyFrame(json, trusted).accepted) heard += 1;
    else refused += 1;
  }
});

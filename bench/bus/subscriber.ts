import { admitFrame } from "../../core/events/admission.ts";
import { createFollower } from "../../core/events/follower.ts";
import { Keyring } from "../../core/events/keyring.ts";
import { createLog } from "../../core/log.ts";
import { runProgram, tell } from "./program.ts";

const DAY_MS = 86_400_000;

/**
 * Follows a Lighthouse and verifies each event, as a hub does; what ZeroMQ dropped on the way it
 * asks for. Says once a second how many it has.
 */
runProgram(async ([publish = "", replay = "", keys = ""]) => {
  const keyring = new Keyring(keys);
  const rules = { authority: keyring, window: 30 * DAY_MS };
  let heard = 0;
  let replayed = 0;
  await createFollower({
    lighthouses: [{ publish, replay }],
    keyring,
    decide: (bytes, channel) => admitFrame(bytes, channel, rules),
    onHeard({ channel, verdict }) {
      if (verdict?.accepted !== true) return;
      heard += 1;
      if (channel === "replay") replayed += 1;
    },
    log: createLog(),
  }).start();
  tell({ heard, replayed });
  setInterval(() => tell({ heard, replayed }), 1000);
});

import { createBatcher } from "../../batcher.ts";
import { database, inTransaction } from "../../database/connect.ts";
import { type AdmissionRules, admitFrame } from "../../events/admission.ts";
import { createFollower, type Heard, type LighthouseAddress } from "../../events/follower.ts";
import { storeEvents } from "../../events/journal.ts";
import type { Keyring } from "../../events/keyring.ts";
import { loadPositions, savePositions } from "../../events/positions.ts";
import { readHops } from "../../events/published.ts";
import { quarantine, type QuarantinedFrame } from "../../events/quarantine.ts";
import { lighthouseState } from "../../events/sequence.ts";
import { createSourceWatch } from "../../events/source-watch.ts";
import { decodeFrame, type VerifiedEvent } from "../../events/verify.ts";
import type { Log } from "../../log.ts";
import type { Service } from "../../service.ts";

export interface RelayOptions {
  lighthouses: readonly LighthouseAddress[];
  keyring: Keyring;
  rules: AdmissionRules;
  log: Log;
}

const READER = "relay";
const BATCH = 500;
const WAIT_MS = 10;

/**
 * Listens to other Lighthouses and puts what they publish into our journal, from where it is
 * published with a number of ours. What passed here before comes back with our id among its hops,
 * and is known by its uuid in any case: a ring of relays comes to rest.
 */
export function createRelay({ keyring, lighthouses, log, rules }: RelayOptions): Service {
  let own = "";
  const batcher = createBatcher<Heard>({
    take: (batch) => takeIn(batch, own),
    size: BATCH,
    waitMs: WAIT_MS,
    log,
  });
  const follower = createFollower({
    lighthouses,
    keyring,
    decide: (bytes, channel) => admitFrame(bytes, channel, rules),
    load: () => loadPositions(READER),
    own: () => Promise.resolve(own),
    onHeard: (heard) => batcher.add(heard),
    log,
  });
  const watch = createSourceWatch({ reader: READER, sources: () => follower.sources(), log });
  return {
    name: "relay",
    async start() {
      own = (await lighthouseState()).id;
      await follower.start();
      await watch.start();
    },
    async stop() {
      await watch.stop();
      await follower.stop();
      await batcher.close();
    },
  };
}

async function takeIn(heard: readonly Heard[], own: string): Promise<void> {
  const events = new Map<string, VerifiedEvent>();
  const refused: QuarantinedFrame[] = [];
  for (const { bytes, source, verdict } of heard) {
    if (bytes === undefined || verdict === undefined) continue;
    if (!verdict.accepted) {
      const { code, reason, signer, tag } = verdict;
      refused.push({ source, code, reason, signer, tag, body: decodeFrame(bytes) });
    } else if (!readHops(bytes).includes(own)) events.set(verdict.event.uuid, verdict.event);
  }
  await inTransaction(async () => {
    await storeEvents([...events.values()], "relayed");
    await publishHeard([...events.keys()]);
    await quarantine(refused);
    await savePositions(
      READER,
      heard.flatMap(({ position }) => position ?? []),
    );
  });
}

/** A hub on our database may have heard them first, and only for itself. */
async function publishHeard(uuids: string[]): Promise<void> {
  await database().query(
    `with relayed as (
       update event set origin = 'relayed' where uuid = any ($1::uuid[]) and origin = 'bus'
       returning id
     )
     insert into event_unnumbered select id from relayed`,
    [uuids],
  );
}

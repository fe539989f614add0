import { database } from "../../database/connect.ts";
import type { JobRequest } from "./request.ts";

/** The key that a request came under, as the connection proved it. */
export interface Identity {
  /** Id in the trusted key file. */
  keyId: string;
  /** CURVE public key, Z85. */
  curveKey: string;
}

/** A worker that asked, as the database knows it now. */
export interface RegisteredWorker {
  uuid: string;
  name: string;
  keyId: string;
  /** Enabled, and not passed over for giving back what it was given. */
  eligible: boolean;
}

/** Nobody needs to know more exactly when a worker was heard last. */
export const FRESH_SECONDS = 5;

/**
 * Notes who asks for jobs: a machine not seen before is entered under its key, a known one is
 * refreshed, unless that happened a moment ago. A machine and its key belong together from the
 * first time on.
 *
 * @returns the workers by id; whoever came under another key than theirs was not them
 */
export async function registerWorkers(
  asking: readonly { request: JobRequest; identity: Identity }[],
): Promise<Map<string, RegisteredWorker>> {
  const byMachine = new Map(asking.map((one) => [one.request.machine.id, one]));
  // One order for all Lighthouses, so that two never wait for each other.
  const rows = [...byMachine.values()].toSorted((a, b) =>
    a.request.machine.id < b.request.machine.id ? -1 : 1,
  );
  if (rows.length === 0) return new Map();
  const found = await database().prepared<RegisteredWorker>(REGISTER, [
    rows.map(({ request }) => request.machine.id),
    rows.map(({ request }) => request.machine.name),
    rows.map(({ request }) => request.owner),
    rows.map(({ identity }) => identity.keyId),
    rows.map(({ identity }) => identity.curveKey),
    rows.map(({ request }) => JSON.stringify(request.accepts)),
    rows.map(({ request }) => JSON.stringify(request.architectures)),
    rows.map(({ request }) => request.heartbeat),
  ]);
  return new Map(found.map((worker) => [worker.uuid, worker]));
}

const REGISTERED = `uuid, name, key_id as "keyId",
  enabled and coalesce(paused_until <= now(), true) as eligible`;

const REGISTER = `
  with asking as materialized (
    select uuid, name, owner, key_id, curve_key, heartbeat,
           array(select jsonb_array_elements_text(accepts::jsonb)) as accepts,
           array(select jsonb_array_elements_text(architectures::jsonb)) as architectures
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                  $7::text[], $8::int[])
           as n (uuid, name, owner, key_id, curve_key, accepts, architectures, heartbeat)
  ), fresh as materialized (
    select worker.* from worker join asking using (uuid)
     where worker.key_id = asking.key_id
       and worker.last_ping > now() - interval '${FRESH_SECONDS} seconds'
       and (worker.name, worker.owner, worker.curve_key, worker.heartbeat, worker.accepts,
            worker.architectures)
           is not distinct from
           (asking.name, asking.owner, asking.curve_key, asking.heartbeat, asking.accepts,
            asking.architectures)
  ), written as (
    insert into worker (uuid, name, owner, key_id, curve_key, accepts, architectures, heartbeat,
                        last_ping)
    select uuid, name, owner, key_id, curve_key, accepts, architectures, heartbeat, now()
      from asking
     where not exists (select from fresh where fresh.uuid = asking.uuid)
       and not exists (select from worker other
                        where other.key_id = asking.key_id and other.uuid <> asking.uuid)
     order by uuid
    on conflict (uuid) do update
       set name = excluded.name, owner = excluded.owner, curve_key = excluded.curve_key,
           accepts = excluded.accepts, architectures = excluded.architectures,
           heartbeat = excluded.heartbeat, last_ping = excluded.last_ping
     where worker.key_id = excluded.key_id
    returning ${REGISTERED}
  )
  select ${REGISTERED} from fresh union all select * from written`;

/** Notes that workers were heard. */
export async function heardFrom(workers: readonly string[]): Promise<void> {
  if (workers.length === 0) return;
  await database().prepared(
    `update worker set last_ping = now()
      where uuid in (select uuid from worker
                      where uuid = any($1) and last_ping < now() - interval '${FRESH_SECONDS} seconds'
                      order by uuid for update)`,
    [[...new Set(workers)]],
  );
}

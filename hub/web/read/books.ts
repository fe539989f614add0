import { database } from "../../../core/database/connect.ts";

/** One figure of the books. */
export interface BookEntry {
  /** Of the metric. */
  name: string;
  labels: Record<string, string>;
  value: number;
}

interface Row {
  name: string;
  labels: Record<string, string>;
  value: string;
}

/**
 * All figures, counted in the database and so the same for every process. One statement, and so
 * one moment: the books balance in each answer.
 */
export async function bookEntries(): Promise<BookEntry[]> {
  const rows = await database().query<Row>(
    // Submitted events are nearly all, and in no index by their origin: they are the rest.
    `with others as (
       select origin, count(*) as count from event where origin <> 'submitted' group by origin
     )
     select 'laniakea_events' as name, jsonb_build_object('origin', origin) as labels,
            count::float8 as value from others
     union all
     select 'laniakea_events', '{"origin": "submitted"}',
            (select count(*) from event) - (select coalesce(sum(count), 0) from others)
     union all
     select 'laniakea_events_unpublished', '{}', count(*) from event_unpublished
     union all
     select 'laniakea_events_unrouted', '{}', count(*) from event_to_route
     union all
     select 'laniakea_intake_frames_total', jsonb_build_object('outcome', split_part(outcome, ':', 1)),
            sum(count) from intake_tally group by split_part(outcome, ':', 1)
     union all
     select 'laniakea_intake_quarantined_total',
            jsonb_build_object('reason', substring(outcome from 'quarantined:(.*)')), count
       from intake_tally where outcome like 'quarantined:%'
     union all
     select 'laniakea_submissions_total', jsonb_build_object('outcome', split_part(outcome, ':', 1)),
            sum(count) from submission_tally group by split_part(outcome, ':', 1)
     union all
     select 'laniakea_submissions_refused_total',
            jsonb_build_object('reason', substring(outcome from 'quarantined:(.*)')), count
       from submission_tally where outcome like 'quarantined:%'
     union all
     select 'laniakea_deliveries',
            jsonb_build_object('channel', split_part(destination, ':', 1), 'state', state), count(*)
       from delivery group by split_part(destination, ':', 1), state
     union all
     select 'laniakea_deliveries_created', '{}', count(*) from delivery
     union all
     select 'laniakea_delivery_oldest_pending_seconds',
            jsonb_build_object('channel', split_part(destination, ':', 1)),
            extract(epoch from now() - min(created_at))
       from delivery where state = 'pending' group by split_part(destination, ':', 1)
     union all
     select name, labels, value from hub_counter
     union all
     select 'laniakea_event_oldest_unrouted_seconds', '{}',
            coalesce(extract(epoch from now() - min(received_at)), 0)
       from event join event_to_route on event_id = id
     union all
     select 'laniakea_intake_lag_seconds', '{}', extract(epoch from received_at - time)
       from (select received_at, time from event where origin = 'bus' order by id desc limit 1) last
     union all
     select 'laniakea_bus_silence_seconds', jsonb_build_object('endpoint', endpoint),
            extract(epoch from now() - max(heard_at))
       from bus_source where reader like 'hub on %' and heard_at is not null group by endpoint
     union all
     select 'laniakea_canary_age_seconds', jsonb_build_object('destination', destination),
            extract(epoch from now() - sent_at) from canary_seen
     union all
     select 'laniakea_canary_trip_seconds', jsonb_build_object('destination', destination),
            extract(epoch from seen_at - sent_at) from canary_seen
     union all
     select 'laniakea_lighthouse_silent', jsonb_build_object('endpoint', endpoint),
            max((silent_since is not null)::int) from bus_source group by endpoint
     union all
     select 'laniakea_channel_stopped', jsonb_build_object('channel', channel), 1 from channel_stop
     union all
     select 'laniakea_recovered_total', jsonb_build_object('source', source), recovered from recovery
     union all
     select 'laniakea_recovery_age_seconds', jsonb_build_object('source', source),
            extract(epoch from now() - looked_until)
       from recovery
     union all
     select 'laniakea_operations', jsonb_build_object('state', state), count(*)
       from operation group by state
     union all
     select 'laniakea_jobs', jsonb_build_object('state', status, 'architecture', architecture),
            count(*) from job group by status, architecture
     union all
     select 'laniakea_job_oldest_waiting_seconds', jsonb_build_object('architecture', architecture),
            extract(epoch from now() - min(created_at))
       from job where status = 'waiting' group by architecture
     union all
     select 'laniakea_worker_silent_seconds', jsonb_build_object('worker', name),
            extract(epoch from now() - last_ping)
       from worker where enabled and last_ping is not null
     union all
     select 'laniakea_import_age_seconds',
            jsonb_build_object('repository', repository.name, 'suite', suite.name),
            extract(epoch from now() - suite.checked_at)
       from suite join repository on repository.id = repository_id
      where suite.checked_at is not null`,
  );
  return rows.map(({ name, labels, value }) => ({ name, labels, value: Number(value) }));
}

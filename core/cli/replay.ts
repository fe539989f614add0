import { lighthousesOf } from "../events/address.ts";
import { admitFrame } from "../events/admission.ts";
import { readPosition } from "../events/published.ts";
import type { ReplayRequest } from "../events/replay.ts";
import { createReplayClient } from "../events/replay-client.ts";
import { admissionRules, openKeyring } from "../events/setup.ts";
import { OperatorError } from "../errors.ts";
import type { Environment } from "../operation/declare.ts";
import type { Terminal } from "./terminal.ts";

/** What `lk event replay` is told. */
export interface ReplayFlags {
  /** A number, a time, or how long ago: 17, 2026-11-22T10:00Z, 2h. */
  since?: string;
  until?: string;
  tag?: string;
  uuid?: string;
  /** The replay endpoint that is asked. */
  from?: string;
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/**
 * Prints what a Lighthouse published, oldest first, a line each; with `--json` the events as they
 * were published.
 *
 * @throws OperatorError `REPLAY_RANGE` for what is no range, and those of the replay client
 */
export async function printReplay(
  environment: Environment,
  terminal: Terminal,
  flags: ReplayFlags,
): Promise<void> {
  const request = requestOf(flags);
  const keyring = openKeyring(environment);
  const rules = admissionRules(environment, keyring);
  const client = createReplayClient({ endpoint: endpointOf(environment, flags), keyring });
  try {
    for (let next: number | null = request.from ?? 1; next !== null;) {
      const page = await client.ask({ ...request, from: next });
      if (next < page.oldest && request.from !== undefined) {
        terminal.err.write(`Events before number ${page.oldest} are not kept any more.\n`);
      }
      for (const bytes of page.events) {
        terminal.out.write(terminal.json ? `${bytes.toString()}\n` : line(bytes));
      }
      next = page.next;
    }
  } finally {
    client.close();
  }

  function line(bytes: Buffer): string {
    const { sequence = 0 } = readPosition(bytes) ?? {};
    const verdict = admitFrame(bytes, "replay", rules);
    if (!verdict.accepted) return `${sequence} refused: ${verdict.reason}\n`;
    const { time, tag, signer, uuid } = verdict.event;
    return `${sequence} ${time.toISOString()} ${tag} ${signer ?? "-"} ${uuid}\n`;
  }
}

function endpointOf({ settings }: Environment, { from }: ReplayFlags): string {
  const configured = lighthousesOf(settings.config).find(({ replay }) => replay !== undefined);
  const endpoint = from ?? configured?.replay;
  if (endpoint !== undefined) return endpoint;
  throw new OperatorError(
    "REPLAY_NOWHERE",
    "No replay endpoint is configured.",
    "Name one: --from tcp://bus.example.org:5573, or lighthouse.servers.replay in config.toml",
    { exitStatus: 2 },
  );
}

function requestOf({ since, until, tag, uuid }: ReplayFlags): ReplayRequest {
  const [first, last] = [bound(since), bound(until)];
  return {
    ...(typeof first === "number" && { from: first }),
    ...(typeof first === "string" && { since: first }),
    ...(typeof last === "number" && { to: last }),
    ...(typeof last === "string" && { until: last }),
    ...(tag !== undefined && { tag }),
    ...(uuid !== undefined && { uuid }),
  };
}

/** A number as it is; a time, or how long ago, as a time. */
function bound(text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  const [, amount, unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const ago = amount === undefined ? undefined : Number(amount) * (UNITS[unit] ?? 0) * 1_000;
  const when = ago === undefined ? new Date(text) : new Date(Date.now() - ago);
  const dated = ago !== undefined || /^\d{4}-\d\d-\d\d/.test(text);
  if (dated && !Number.isNaN(when.getTime())) return when.toISOString();
  throw new OperatorError(
    "REPLAY_RANGE",
    `"${text}" is neither a number, nor a time, nor how long ago.`,
    "Write 17, 2026-11-22T10:00Z, or 2h (s, m, h, d, w).",
    { exitStatus: 2 },
  );
}

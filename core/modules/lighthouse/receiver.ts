import { Router } from "zeromq";
import {
  type Acknowledgement,
  GREETING_ANSWER,
  readAnswerRequest,
} from "../../events/acknowledge.ts";
import type { AdmissionRules } from "../../events/admission.ts";
import type { Keyring } from "../../events/keyring.ts";
import { decodeFrame, MAX_EVENT_BYTES } from "../../events/verify.ts";
import type { EventRows } from "../../events/event-rows.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Admitted } from "./admission.ts";
import { type Admitter, createAdmitter } from "./admitter.ts";
import { type Answers, createAnswers } from "./answers.ts";
import { bindSocket } from "./bind.ts";
import { countRefused, type LighthouseCounts } from "./counts.ts";
import { createInbox, type Fate, type Stored } from "./inbox.ts";

export interface ReceiverOptions {
  endpoints: readonly string[];
  keyring: Keyring;
  rules: AdmissionRules;
  /** Publishes what was stored. */
  stored: Stored;
  counts: LighthouseCounts;
  log: Log;
}

/** Takes events in: verifies each on its bytes and writes it into the journal, once. */
export interface Receiver {
  /**
   * @param lighthouse the id under which events are published
   * @returns the endpoints as bound, port numbers filled in
   */
  start(lighthouse: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** A frame that waits for its verdict. */
interface Submission {
  json: Buffer;
  endpoint: string;
  /** Nobody asked for an answer without it. */
  answer: ((given: Acknowledgement) => void) | undefined;
}

/** Decided on at once. */
const BATCH = 128;
/** Bytes that wait for their verdict at most; beyond it we read no more. */
const UNDECIDED_BYTES = 4 << 20;
/** Read and waiting in memory at most; beyond it senders wait, as ROUTER slows them down. */
const RECEIVE_HIGH_WATER_MARK = 1_000;
/** Answers waiting for one sender; it has no more than a thousand events under way. */
const SEND_HIGH_WATER_MARK = 10_000;
/** How often a quiet socket looks whether it should stop. */
const LOOK_MS = 200;
/** How often a full inbox is looked at: a fraction of what it takes to write a batch. */
const ROOM_MS = 5;
/** What senders had handed over when we were told to stop is still read for so long. */
const DRAIN_MS = 1_000;

export function createReceiver(options: ReceiverOptions): Receiver {
  const { counts, log } = options;
  const inbox = createInbox(log, options.stored);
  const sockets: Router[] = [];
  const answering: Answers[] = [];
  const loops: Promise<void>[] = [];
  let admitter: Admitter | undefined;
  let gathered: Submission[] = [];
  let undecided = 0;
  let settling: Promise<void> = Promise.resolve();
  let stopBy = Number.POSITIVE_INFINITY;

  async function listen(socket: Router, endpoint: string): Promise<void> {
    const answers = createAnswers(socket);
    answering.push(answers);
    while (performance.now() < stopBy) {
      let frames: Buffer[];
      try {
        frames = await socket.receive();
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") throw thrown;
        if (Number.isFinite(stopBy)) return;
        continue;
      }
      take(answers, frames, endpoint);
      while (isFull() && performance.now() < stopBy) await room();
    }
  }

  function isFull(): boolean {
    return inbox.full() || undecided >= UNDECIDED_BYTES;
  }

  function take(answers: Answers, frames: Buffer[], endpoint: string): void {
    const [identity, json, second] = frames;
    const request = readAnswerRequest(second);
    if (identity !== undefined && request?.kind === "hello") {
      answers.give(identity, GREETING_ANSWER);
      return;
    }
    counts.received += 1;
    let answer: Submission["answer"];
    if (identity !== undefined && request?.kind === "acknowledge") {
      const { number } = request;
      answer = (given) => answers.give(identity, JSON.stringify({ ...given, number }));
    }
    // REQ sockets put an empty frame first; the peer does not read those either.
    if (identity === undefined || json === undefined || frames.length > 3 || json.length === 0) {
      const reason = "not one frame from a DEALER socket";
      refuse(endpoint, "frames", reason, Buffer.concat(frames.slice(1)));
      answer?.({ refused: reason });
      return;
    }
    undecided += json.length;
    gathered.push({ json, endpoint, answer });
    if (gathered.length >= BATCH) decide();
    // Else at the end of this turn of the event loop, with all that came in it.
    else if (gathered.length === 1) setImmediate(decide);
  }

  /** Batches are decided at the same time, and settled in the order in which they came. */
  function decide(): void {
    const batch = gathered;
    if (batch.length === 0 || admitter === undefined) return;
    gathered = [];
    const deciding = admitter.admit(
      batch.map(({ json }) => json),
      options.stored.isHeard(),
    );
    const before = settling;
    settling = (async () => {
      const admitted = await deciding;
      await before;
      conclude(batch, admitted);
      for (const { json } of batch) undecided -= json.length;
    })().catch(unexpected);
  }

  function conclude(batch: readonly Submission[], admitted: Admitted): void {
    for (const { frame, refusal } of admitted.refused) {
      const { answer, endpoint, json } = batch[frame] as Submission;
      refuse(endpoint, refusal.code, refusal.reason, json, refusal);
      answer?.({ refused: refusal.reason });
    }
    if (admitted.accepted.length > 0) {
      const answers = admitted.accepted.map((frame) => batch[frame]?.answer);
      store(admitted.events, answers).catch(unexpected);
    }
  }

  async function store(events: EventRows, answers: readonly Submission["answer"][]): Promise<void> {
    const fates = await inbox.add(events);
    for (const [index, fate] of fates.entries()) {
      if (fate.kind === "refused") countRefused(counts, "database");
      else counts[fate.kind] += 1;
      answers[index]?.(acknowledgement(events.uuids[index] ?? "", fate));
    }
  }

  function refuse(
    source: string,
    code: string,
    reason: string,
    json: Buffer,
    claims: { tag?: string; signer?: string } = {},
  ): void {
    countRefused(counts, code);
    const { tag, signer } = claims;
    inbox.refuse({
      source,
      code,
      reason,
      tag,
      signer,
      body: decodeFrame(json.subarray(0, MAX_EVENT_BYTES)),
    });
    log.info({ source, code, reason, tag, signer }, "refused a submission");
  }

  function unexpected(thrown: unknown): void {
    log.error({ err: asError(thrown) }, "a submission met a bug");
  }

  return {
    async start(lighthouse) {
      admitter = createAdmitter({ ...options, lighthouse });
      for (const endpoint of options.endpoints) {
        const socket = new Router({
          receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
          receiveTimeout: LOOK_MS,
          sendHighWaterMark: SEND_HIGH_WATER_MARK,
          sendTimeout: 0,
          // Far beyond what we read the connection is cut; a bit too long gets a reason.
          maxMessageSize: MAX_EVENT_BYTES * 2,
          ipv6: true,
          linger: 500,
        });
        sockets.push(socket);
        const bound = await bindSocket(socket, endpoint, "lighthouse.submit");
        loops.push(listen(socket, bound).catch(unexpected));
      }
      return sockets.map((socket) => socket.lastEndpoint ?? "");
    },
    async stop() {
      stopBy = performance.now() + DRAIN_MS;
      await Promise.all(loops);
      decide();
      await settling;
      await admitter?.close();
      await inbox.close();
      await Promise.all(answering.map((answers) => answers.flush()));
      for (const socket of sockets.splice(0)) socket.close();
    },
  };
}

function acknowledgement(uuid: string, fate: Fate): Acknowledgement {
  if (fate.kind === "refused") return { refused: fate.reason };
  return { accepted: uuid, duplicate: fate.kind === "duplicate" };
}

function room(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ROOM_MS));
}

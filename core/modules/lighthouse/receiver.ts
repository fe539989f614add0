import { Router } from "zeromq";
import {
  type Acknowledgement,
  GREETING_ANSWER,
  readAnswerRequest,
} from "../../events/acknowledge.ts";
import type { AdmissionRules } from "../../events/admission.ts";
import {
  decodeFrame,
  type FrameVerdict,
  MAX_EVENT_BYTES,
  type VerifiedEvent,
} from "../../events/verify.ts";
import { asError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { AdmissionThread } from "./admission-thread.ts";
import { createAdmitter } from "./admitter.ts";
import { type Answers, createAnswers } from "./answers.ts";
import { bindSocket } from "./bind.ts";
import { countRefused, type LighthouseCounts } from "./counts.ts";
import { createInbox, type Fate } from "./inbox.ts";

export interface ReceiverOptions {
  endpoints: readonly string[];
  rules: AdmissionRules;
  /** Lets threads decide by the same rules when there is much to do. */
  thread?: AdmissionThread | undefined;
  counts: LighthouseCounts;
  log: Log;
}

/** Takes events in: verifies each on its bytes and writes it into the journal, once. */
export interface Receiver {
  /** @returns the endpoints as bound, port numbers filled in */
  start(): Promise<string[]>;
  stop(): Promise<void>;
}

/** A frame that waits for its verdict. */
interface Submission {
  json: Buffer;
  endpoint: string;
  answer: (given: Acknowledgement) => void;
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
  const { counts, log, rules } = options;
  const inbox = createInbox(log);
  const sockets: Router[] = [];
  const answering: Answers[] = [];
  const loops: Promise<void>[] = [];
  const admitter = createAdmitter(rules, options.thread, log);
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
    const answer = (given: Acknowledgement): void => {
      if (identity === undefined || request?.kind !== "acknowledge") return;
      answers.give(identity, JSON.stringify({ ...given, number: request.number }));
    };
    // REQ sockets put an empty frame first; the peer does not read those either.
    if (identity === undefined || json === undefined || frames.length > 3 || json.length === 0) {
      const reason = "not one frame from a DEALER socket";
      refuse(endpoint, "frames", reason, Buffer.concat(frames.slice(1)));
      answer({ refused: reason });
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
    if (batch.length === 0) return;
    gathered = [];
    const verdicts = admitter.admit(batch.map(({ json }) => json));
    const before = settling;
    settling = (async () => {
      const decided = await verdicts;
      await before;
      for (const [index, submission] of batch.entries()) {
        const verdict = decided[index];
        if (verdict !== undefined) conclude(submission, verdict);
        undecided -= submission.json.length;
      }
    })().catch(unexpected);
  }

  function conclude({ json, endpoint, answer }: Submission, verdict: FrameVerdict): void {
    if (!verdict.accepted) {
      refuse(endpoint, verdict.code, verdict.reason, json, verdict);
      answer({ refused: verdict.reason });
      return;
    }
    const settled = settle(verdict.event, (fate) => {
      answer(acknowledgement(verdict.event.uuid, fate));
    });
    settled.catch(unexpected);
  }

  async function settle(event: VerifiedEvent, tell: (fate: Fate) => void): Promise<void> {
    const fate = await inbox.add(event);
    if (fate.kind === "refused") countRefused(counts, "database");
    else counts[fate.kind] += 1;
    tell(fate);
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
    async start() {
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
      await admitter.close();
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

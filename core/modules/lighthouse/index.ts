import type { Module } from "../module.ts";
import { lighthouseRecovered, lighthouseSilent } from "./events.ts";
import { eventExpire } from "./operation-expire.ts";
import { eventList } from "./operation-list.ts";
import { eventQuarantine, eventDiscard, eventRelease } from "./operation-quarantine.ts";
import { eventPing, eventSend } from "./operation-send.ts";
import { eventSpool } from "./operation-spool.ts";
import { eventVerify } from "./operation-verify.ts";
import { lighthouseChecks, lighthouseStatus } from "./status.ts";

export const lighthouse: Module = {
  name: "lighthouse",
  summary: "the bus that carries signed events",
  operations: [
    eventList,
    eventSend,
    eventPing,
    eventVerify,
    eventQuarantine,
    eventRelease,
    eventDiscard,
    eventSpool,
    eventExpire,
  ],
  events: [lighthouseSilent, lighthouseRecovered],
  check: lighthouseChecks,
  status: lighthouseStatus,
};

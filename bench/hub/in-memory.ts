import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { coreModules } from "../../core/modules/index.ts";
import { understand } from "../../core/events/catalogue.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { channelKinds } from "../../hub/channels/index.ts";
import { decide } from "../../hub/routing/decide.ts";
import { compileExpression } from "../../hub/routing/expression/compile.ts";
import { EventFacts, type Facts } from "../../hub/routing/facts.ts";
import { newRulebook } from "../../hub/routing/rulebook.ts";
import { expressionOf } from "../../hub/routing/subscription/expression-of.ts";
import { runProgram, tell } from "../bus/program.ts";
import { subscriptions, upload } from "./rules.ts";

const TAG = "_lk.archive.package-upload-accepted";
const EVENTS = 100_000;
/** The linear scan is asked about fewer: it would take minutes. */
const SCANNED = 2_000_000;

/**
 * Routes events against subscriptions in memory: with the index, and, as the peer, asking each
 * subscription about each event. Both must find the same.
 */
runProgram((args) => {
  const count = Number(args[0]);
  const registry = createRegistry(coreModules);
  const before = memory();
  const rulebook = newRulebook([]);
  for (const one of subscriptions(count)) rulebook.subscriptions.put(one);
  const after = memory();
  const events = Array.from({ length: EVENTS }, (_, number) => upload(number));
  const understood = events.map((data) => understand(registry.events, TAG, data));
  const facts = (number: number): Facts & EventFacts => {
    const known = understood[number];
    if (known === undefined) throw new Error("no event");
    return new EventFacts(TAG, events[number], known);
  };

  let found = 0;
  const index = measure(EVENTS, (number) => {
    found += rulebook.subscriptions.matching(facts(number)).length;
  });
  let decided = 0;
  const deciding = { registry, kinds: channelKinds, announce: { other: "", suites: {} } };
  const now = new Date();
  const whole = measure(EVENTS, (number) => {
    const event = { uuid: "", tag: TAG, data: events[number] };
    decided += decide(event, rulebook, deciding, { facts: facts(number), now }).length;
  });
  const meaning = measure(EVENTS, (number) => {
    understand(registry.events, TAG, events[number]);
  });

  const scanned = Math.ceil(SCANNED / count);
  const predicates = rulebook.subscriptions
    .all()
    .map(({ subscription }) => compileExpression(expressionOf(subscription)));
  let linear = 0;
  const scan = measure(scanned, (number) => {
    const asked = facts(number);
    for (const holds of predicates) if (holds(asked)) linear += 1;
  });
  let same = 0;
  for (let number = 0; number < scanned; number += 1) {
    same += rulebook.subscriptions.matching(facts(number)).length;
  }
  if (same !== linear) throw new Error(`the index finds ${same}, the scan ${linear}`);
  tell({
    count,
    resident: after.resident - before.resident,
    heap: after.heap - before.heap,
    index,
    whole,
    meaning,
    scan,
    matches: found / EVENTS,
    decided: decided / EVENTS,
  });
  return Promise.resolve();
});

/** Events a second of processor time. */
function measure(count: number, work: (number: number) => void): number {
  const before = process.cpuUsage();
  for (let number = 0; number < count; number += 1) work(number);
  const { user, system } = process.cpuUsage(before);
  return (count / (user + system)) * 1e6;
}

/** In MB (10^6 bytes), after a collection of what is no longer used. */
function memory(): { resident: number; heap: number } {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { rss, heapUsed } = process.memoryUsage();
  return { resident: rss / 1e6, heap: heapUsed / 1e6 };
}

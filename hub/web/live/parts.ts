import { html, type Safe } from "../../../core/html.ts";
import { mayRun } from "../../../core/operation/ask.ts";
import { suiteOverview } from "../../../core/modules/archive/read.ts";
import type { Viewer } from "../access.ts";
import { activityChart } from "../parts/activity.ts";
import { healthStrip } from "../parts/health.ts";
import { operationDetails, operationsPanel } from "../parts/operation.ts";
import { suiteCards } from "../parts/suite.ts";
import { eventsPerHour } from "../read/events.ts";
import { endedOperations, openOperations, operationByNumber } from "../read/operations.ts";
import type { Web } from "../web.ts";

/** A part of a page that goes on by itself: rendered anew now and then, sent when it differs. */
export interface LivePart {
  /** Of its element. */
  id: string;
  /** How often it is looked at; 0 is whenever anything may have changed. */
  everyMs: number;
  render(web: Web, viewer: Viewer, now: Date): Promise<Safe>;
}

/** Operations that ended, shown below those that run. */
const ENDED_SHOWN = 5;

/** THE list of live parts. */
const parts: readonly LivePart[] = [
  {
    id: "health",
    everyMs: 10_000,
    render: async (web) => {
      const [report, suites] = await Promise.all([web.health(), suiteOverview()]);
      return healthStrip(report, suites.filter((suite) => suite.failure !== null).length);
    },
  },
  {
    id: "suites",
    everyMs: 5_000,
    render: async (_web, _viewer, now) => suiteCards(await suiteOverview(), now),
  },
  {
    id: "activity",
    everyMs: 10_000,
    render: async () => activityChart(await eventsPerHour()),
  },
  {
    id: "operations",
    everyMs: 0,
    render: async (_web, viewer, now) => {
      const [open, ended] = await Promise.all([openOperations(), endedOperations(ENDED_SHOWN)]);
      return operationsPanel(open, ended, mayRun(viewer.role, "operator"), now);
    },
  },
];

/** The live part with an id, `operation-12` among them; undefined when there is none. */
export function livePart(id: string): LivePart | undefined {
  const [, number] = /^operation-(\d{1,18})$/.exec(id) ?? [];
  return number === undefined ? parts.find((part) => part.id === id) : operationPart(number);
}

function operationPart(number: string): LivePart {
  return {
    id: `operation-${number}`,
    everyMs: 0,
    render: async (_web, viewer, now) => {
      const operation = await operationByNumber(number);
      if (operation === undefined) return html``;
      return operationDetails(operation, mayRun(viewer.role, "operator"), now);
    },
  };
}

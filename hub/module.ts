import type { Fact, Module } from "../core/modules/module.ts";
import { canaryFindings, canaryStatus } from "./canary/tell.ts";
import { stoppedChannels } from "./delivery/channel-stop.ts";
import { deliveryList, deliveryRequeue } from "./operations/delivery.ts";
import { explain } from "./operations/explain.ts";
import { follow, unfollow } from "./operations/follow.ts";
import { keyword } from "./operations/keyword.ts";
import { language } from "./operations/language.ts";
import { mute, unmute } from "./operations/mute.ts";
import { mailList, mailResume } from "./operations/mail.ts";
import { budget, digest, quiet } from "./operations/pacing.ts";
import { routeTest } from "./operations/route-test.ts";
import { routeApply, routeCheck, routeExport } from "./operations/route-tree.ts";
import { routeAdd, routeList, routeRemove } from "./operations/route.ts";
import { silenceAdd, silenceEnd, silenceList } from "./operations/silence.ts";
import { teamList, teamRemove, teamSet } from "./operations/team.ts";
import { recover } from "./recover/operation.ts";
import { webhookAdd } from "./operations/webhook.ts";
import { deliveryBooks } from "./delivery/outbox.ts";

/** Communication, as the registry knows it: what can be asked of the hub. */
export const hubModule: Module = {
  name: "hub",
  summary: "who hears of what, and whether it got there",
  operations: [
    follow,
    unfollow,
    keyword,
    language,
    mute,
    unmute,
    teamList,
    teamSet,
    teamRemove,
    silenceAdd,
    silenceList,
    silenceEnd,
    digest,
    quiet,
    budget,
    routeList,
    routeAdd,
    routeRemove,
    routeTest,
    explain,
    routeApply,
    routeExport,
    routeCheck,
    deliveryList,
    deliveryRequeue,
    recover,
    mailList,
    mailResume,
    webhookAdd,
  ],
  check: canaryFindings,
  status: async () => [...(await deliveryStatus()), ...(await canaryStatus())],
};

async function deliveryStatus(): Promise<Fact[]> {
  const books = await deliveryBooks();
  if (books.created === 0) return [];
  const stops = await stoppedChannels();
  const troubled = books.dead > 0 || stops.length > 0;
  return [
    {
      message: {
        tone: troubled ? "attention" : "good",
        headline: [
          { strong: "Messages" },
          `: ${books.sent} sent, ${books.pending} waiting`,
          ...(books.dead > 0 ? [`, ${books.dead} given up`] : []),
        ],
        ...(stops.length === 0
          ? {}
          : { details: stops.map((stop) => [`${stop.channel} is stopped: ${stop.reason}`]) }),
        ...(troubled ? { next: ["For more: delivery list"] } : {}),
      },
      data: { deliveries: books, stopped: stops },
    },
  ];
}

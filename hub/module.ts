import type { Fact, Module } from "../core/modules/module.ts";
import { stoppedChannels } from "./delivery/channel-stop.ts";
import { deliveryList, deliveryRequeue } from "./operations/delivery.ts";
import { follow, unfollow } from "./operations/follow.ts";
import { keyword } from "./operations/keyword.ts";
import { routeTest } from "./operations/route-test.ts";
import { routeAdd, routeList, routeRemove } from "./operations/route.ts";
import { deliveryBooks } from "./delivery/outbox.ts";

/** Communication, as the registry knows it: what can be asked of the hub. */
export const hubModule: Module = {
  name: "hub",
  summary: "who hears of what, and whether it got there",
  operations: [
    follow,
    unfollow,
    keyword,
    routeList,
    routeAdd,
    routeRemove,
    routeTest,
    deliveryList,
    deliveryRequeue,
  ],
  status,
};

async function status(): Promise<Fact[]> {
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

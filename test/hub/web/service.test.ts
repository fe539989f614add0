import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import test from "ava";
import { OperatorError } from "../../../core/errors.ts";
import { startWeb } from "./started-web.ts";

test.serial("a stop ends open streams and idle connections at once", async (t) => {
  const web = await startWeb();
  const address = web.service.address();
  const streams = await Promise.all([
    fetch(`${address}/live?watch=health,events`),
    fetch(`${address}/api/v1/events/stream`),
  ]);
  await (await fetch(`${address}/healthz`)).text();
  const ended = Promise.all(streams.map((stream) => stream.text()));
  await web.stop();
  await t.notThrowsAsync(ended);
  await t.throwsAsync(fetch(`${address}/healthz`));
  await t.notThrowsAsync(web.service.stop());
});

test.serial("a port that is taken is said with the setting to change", async (t) => {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as AddressInfo;
  const error = await t.throwsAsync(startWeb({ listen: `127.0.0.1:${port}` }), {
    instanceOf: OperatorError,
  });
  t.is(error?.code, "WEB_LISTEN");
  t.regex(error?.hint ?? "", /web\.listen/);
  taken.close();
});

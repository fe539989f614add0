import test from "ava";
import { listSubscriptions } from "../../../hub/routing/subscription/store.ts";
import { type StartedWeb, startWeb } from "./started-web.ts";

let web: StartedWeb;
test.before(async () => {
  web = await startWeb();
});
test.after.always(() => web.stop());

const TO = "email:anna@example.org";

async function send(change: string, fields: Record<string, string>): Promise<number> {
  const reply = await web.server.inject({
    method: "POST",
    url: `/subscriptions/${change}`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    payload: new URLSearchParams({ to: TO, ...fields }).toString(),
  });
  return reply.statusCode;
}

async function page(): Promise<string> {
  const reply = await web.server.inject(`/subscriptions?to=${encodeURIComponent(TO)}`);
  return reply.body;
}

test.serial("subscriptions are shown, added and ended on their page", async (t) => {
  t.regex(await page(), /Nothing in particular/);
  t.is(await send("add", { package: "bash", if: 'data.x = "<b>"' }), 303);
  const [added] = await listSubscriptions({ destination: TO });
  t.is(added?.condition, "data.x = <b>");
  const shown = await page();
  t.regex(shown, /bash, if data\.x = &lt;b&gt;/);
  t.notRegex(shown, /<b>/);
  t.is(await send("end", { route: added?.id ?? "" }), 303);
  t.deepEqual(await listSubscriptions({ destination: TO }), []);
});

test.serial("what cannot be understood changes nothing, and neither does looking", async (t) => {
  const refused = [
    await send("add", { package: "bash", if: "nonsense" }),
    await send("add", { package: "(a+)+" }),
    await send("end", { route: "999999" }),
    await send("other", {}),
    (await web.server.inject("/subscriptions?to=nowhere")).statusCode,
  ];
  t.deepEqual(
    refused.filter((status) => status < 400 || status >= 500),
    [],
  );
  const get = await web.server.inject("/subscriptions/add?to=room:local&package=bash");
  t.is(get.statusCode, 404);
  t.deepEqual(await listSubscriptions(), []);
});

import test from "ava";
import { cases } from "./homeserver-cases.ts";
import { startHomeserver } from "./homeserver/homeserver.ts";

for (const { title, run } of cases) {
  test(`the double: ${title}`, async (t) => {
    const homeserver = await startHomeserver();
    t.teardown(() => homeserver.stop());
    await run(t, homeserver);
  });
}

import test from "ava";
import { startHomeserver } from "./homeserver/homeserver.ts";
import { sessionCases } from "./homeserver-session-cases.ts";

for (const { title, run } of sessionCases) {
  test(`the session on the double: ${title}`, async (t) => {
    const homeserver = await startHomeserver();
    t.teardown(() => homeserver.stop());
    await run(t, homeserver);
  });
}

import test from "ava";
import { startHomeserver } from "./support/homeserver/homeserver.ts";
import { mainJob } from "./support/main-job.ts";
import { startMailServer } from "./support/smtp.ts";

test("an archive, an event, a command and a change go their whole way", async (t) => {
  const homeserver = await startHomeserver();
  t.teardown(() => homeserver.stop());
  const server = await startMailServer();
  t.teardown(() => server.close());
  const person = "anna@example.org";
  await mainJob(t, homeserver, {
    url: server.url,
    person,
    mails: () =>
      Promise.resolve(
        server.mailsTo(person).map(({ to, parsed }) => ({
          to,
          subject: parsed.subject ?? "",
          text: parsed.text ?? "",
          html: parsed.html || "",
        })),
      ),
  });
});

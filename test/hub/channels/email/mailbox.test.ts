import { randomUUID } from "node:crypto";
import test from "ava";
import { createTransport } from "nodemailer";
import { database } from "../../../../core/database/connect.ts";
import { silentLog } from "../../../../core/log.ts";
import type { Channel } from "../../../../hub/channels/channel.ts";
import { email } from "../../../../hub/channels/email/index.ts";
import { openLocalMailbox, readMailbox } from "../../../../hub/channels/email/mailbox.ts";
import { channelContext, hubDatabase } from "../../../support/hub.ts";

let channel: Channel | undefined;

test.before(async () => {
  await hubDatabase();
  channel = email.create(channelContext());
  await channel?.start?.();
});
test.after.always(async () => {
  await channel?.stop?.();
  await database().close();
});

async function send(address: string, id = randomUUID(), headline = "Imported <b>bash</b> ✓") {
  return channel?.send(
    {
      id,
      destination: `email:${address}`,
      address,
      message: {
        tone: "good",
        headline: [headline],
        next: [{ link: "page", to: "https://lk.example.org/x" }],
      },
      subject: { tag: "_lk.synchrotron.src-package-imported" },
      reason: "test",
      final: true,
      attempt: 1,
      createdAt: new Date(),
    },
    new AbortController().signal,
  );
}

test.serial("without a mail server mail is kept here, and can be read", async (t) => {
  t.like(await send("anna@example.org"), { outcome: "delivered" });
  const [mail] = await readMailbox();
  t.like(mail, {
    recipient: "anna@example.org",
    from: '"Laniakea" <laniakea@localhost>',
    subject: "✅ Imported <b>bash</b> ✓",
  });
  t.regex(mail?.text ?? "", /^✅ Imported <b>bash<\/b> ✓\n/);
  t.regex(mail?.html ?? "", /Imported &lt;b&gt;bash&lt;\/b&gt;/);
  t.deepEqual(
    mail?.headers.find(([name]) => name === "x-laniakea-event"),
    ["x-laniakea-event", "_lk.synchrotron.src-package-imported"],
  );
});

test.serial("a mail that comes again under its Message-ID is kept once", async (t) => {
  const id = randomUUID();
  await send("ben@example.org", id);
  await send("ben@example.org", id);
  t.is((await readMailbox({ recipient: "ben@example.org" })).length, 1);
});

test.serial("the newest come first, page by page", async (t) => {
  for (const text of ["1", "2", "3"]) await send("cleo@example.org", randomUUID(), text);
  const page = await readMailbox({ recipient: "cleo@example.org", limit: 2 });
  t.deepEqual(
    page.map((mail) => mail.subject),
    ["✅ 3", "✅ 2"],
  );
  const before = page.at(-1)?.id ?? "";
  const rest = await readMailbox({ recipient: "cleo@example.org", before });
  t.deepEqual(
    rest.map((mail) => mail.subject),
    ["✅ 1"],
  );
});

test.serial("nobody can put mail in without the password of this run", async (t) => {
  const mailbox = await openLocalMailbox(silentLog());
  const { host, port } = mailbox.server;
  const mail = { from: "eve@example.net", to: "dora@example.org", text: "x" };
  for (const auth of [undefined, { user: "laniakea", pass: "guess" }]) {
    const transport = createTransport({ host, port, ...(auth ? { auth } : {}) });
    await t.throwsAsync(transport.sendMail(mail));
  }
  t.deepEqual(await readMailbox({ recipient: "dora@example.org" }), []);
  await mailbox.close();
});

import { connect } from "node:net";
import { PassThrough, Readable } from "node:stream";
import test from "ava";
import { createTransport } from "nodemailer";
import { database } from "../../../core/database/connect.ts";
import { OperatorError } from "../../../core/errors.ts";
import { silentLog } from "../../../core/log.ts";
import { KEPT_BYTES, receiveMail, takeMail, wasHandedOver } from "../../../hub/mail/incoming.ts";
import { createMailListener, type MailListener } from "../../../hub/mail/listener.ts";
import { takePipedMail } from "../../../hub/mail/pipe.ts";
import { hubDatabase, settingsOf } from "../../support/hub.ts";

const started: MailListener[] = [];
test.before(async () => {
  await hubDatabase();
});
test.afterEach.always(() => database().query("delete from incoming_mail"));
test.after.always(async () => {
  for (const one of started) await one.stop();
  await database().close();
});

async function listen(protocol: string): Promise<{ host: string; port: number }> {
  const email = {
    listen: `${protocol}://127.0.0.1:0`,
    bounces: "bounces@example.org",
    control: "control@example.org",
  };
  const listener = createMailListener(settingsOf({ email }), silentLog());
  await listener.start();
  started.push(listener);
  return listener.address();
}

function kept(): Promise<{ recipient: string; sender: string; source: Buffer; outcome: string }[]> {
  return database().query(
    "select recipient, sender, source, outcome from incoming_mail order by id",
  );
}

test.serial("mail for our addresses is kept, for each recipient, before it is taken", async (t) => {
  const { host, port } = await listen("smtp");
  const transport = createTransport({ host, port, ignoreTLS: true });
  await transport.sendMail({
    envelope: { from: "", to: ["bounces+token@example.org", "Control@Example.org"] },
    raw: "Subject: x\r\n\r\n.dots\r\n",
  });
  const mails = await kept();
  t.deepEqual(
    mails.map(({ recipient, sender }) => [recipient, sender]),
    [
      ["bounces+token@example.org", ""],
      ["Control@example.org", ""],
    ],
  );
  t.regex(mails[0]?.source.toString() ?? "", /^\.dots/m);
});

test.serial("nobody sends through it", async (t) => {
  const { host, port } = await listen("smtp");
  const transport = createTransport({ host, port, ignoreTLS: true });
  for (const to of ["anna@example.net", "bounces@example.net", "xcontrol@example.org"]) {
    const raw = "Subject: x\r\n\r\n";
    const refused = transport.sendMail({ envelope: { from: "a@example.net", to: [to] }, raw });
    await t.throwsAsync(refused, { message: /550/ }, to);
  }
  t.deepEqual(await kept(), []);
});

test.serial("LMTP is spoken where it is asked for", async (t) => {
  const { host, port } = await listen("lmtp");
  const socket = connect(port, host);
  const said = [
    "LHLO mail.example.org",
    "MAIL FROM:<>",
    "RCPT TO:<control@example.org>",
    "DATA",
    "Subject: help\r\n\r\n.",
    "QUIT",
  ];
  let heard = "";
  let place = 0;
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("end", resolve);
    socket.on("data", (data) => {
      heard += data.toString();
      // The last line of a reply has a space behind its code.
      if (/^\d{3} .*\r\n$/m.test(data.toString())) socket.write(`${said[place++] ?? ""}\r\n`);
    });
  });
  t.regex(heard, /LMTP/);
  t.is((await kept()).length, 1);
});

test.serial("a listener without an address of its own is refused", (t) => {
  const settings = settingsOf({ email: { listen: "smtp://127.0.0.1:0" } });
  t.throws(() => createMailListener(settings, silentLog()), { message: /no address/ });
});

test.serial("a mail that fails is tried three times and put aside; others go on", async (t) => {
  await receiveMail({ recipient: "a", sender: "", source: Buffer.from("bad") });
  await receiveMail({ recipient: "a", sender: "", source: Buffer.from("good") });
  const work = ({ source }: { source: Buffer }): Promise<string> =>
    source.toString() === "bad" ? Promise.reject(new Error("bug")) : Promise.resolve("done");
  for (let count = 0; count < 3; count++) await t.throwsAsync(takeMail(work), { message: "bug" });
  while (await takeMail(work));
  t.deepEqual(
    (await kept()).map(({ outcome }) => outcome),
    ["put aside: it failed too often", "done"],
  );
});

test.serial("several that take mail take each once", async (t) => {
  for (let count = 0; count < 20; count++) {
    await receiveMail({ recipient: "a", sender: "", source: Buffer.from(String(count)) });
  }
  const seen: string[] = [];
  const drain = async (): Promise<void> => {
    while (await takeMail((mail) => Promise.resolve(seen.push(mail.id) ? "done" : ""))) continue;
  };
  await Promise.all([drain(), drain(), drain()]);
  t.is(seen.length, 20);
  t.is(new Set(seen).size, 20);
});

test.serial("only the beginning of a huge mail is kept", async (t) => {
  await receiveMail({ recipient: "a", sender: "", source: Buffer.alloc(KEPT_BYTES + 5, "x") });
  t.is((await kept())[0]?.source.length, KEPT_BYTES);
});

test.serial("whatever is wrong with us, the mail server keeps the mail", async (t) => {
  for (const fault of [
    new OperatorError("BAD_CONFIG", "config.toml is broken."),
    new Error("a bug"),
  ]) {
    const errors = new PassThrough();
    const status = await takePipedMail({
      input: Readable.from([Buffer.from("Subject: x\r\n\r\n")]),
      errors,
      settings: () => {
        throw fault;
      },
      recipient: undefined,
      sender: undefined,
    });
    t.is(status, 75);
    t.regex(String(errors.read()), new RegExp(fault.message));
  }
});

test.serial("a mail of ours that came back is known, a report that quotes it is not", async (t) => {
  const [id, other] = [
    "0d5f3c1e-7f0a-4b6e-9a53-1f2d3c4b5a69",
    "0d5f3c1e-7f0a-4b6e-9a53-000000000000",
  ];
  const source = Buffer.from(`Subject: canary\r\nMessage-ID: <${id}@example.org>\r\n\r\nhello\r\n`);
  t.false(await wasHandedOver(id));
  const report = Buffer.from(`Subject: undeliverable\r\n\r\n${source.toString()}`);
  await receiveMail({ recipient: "canary@example.org", sender: "", source: report });
  t.false(await wasHandedOver(id));
  await receiveMail({ recipient: "canary@example.org", sender: "b+x@example.org", source });
  t.true(await wasHandedOver(id));
  t.false(await wasHandedOver(other));
});

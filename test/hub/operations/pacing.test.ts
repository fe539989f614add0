import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { renderText } from "../../../core/message.ts";
import { ask } from "../../../core/operation/ask.ts";
import { parseWords } from "../../../core/operation/command.ts";
import { channelKinds } from "../../../hub/channels/index.ts";
import { hubModule } from "../../../hub/module.ts";
import { preferenceFor } from "../../../hub/pacing/preference.ts";
import { testEnvironment } from "../../support/environment.ts";
import { hubDatabase } from "../../support/hub.ts";

const environment = testEnvironment([hubModule]);

test.before(hubDatabase);
test.beforeEach(() => database().query("truncate pace, bundle"));
test.after.always(() => database().close());

/** Types a line in the local room. @returns the answer as text */
async function type(line: string): Promise<string> {
  const operations = environment.registry.operations.values();
  const typed = parseWords(operations, line.split(" "), { program: "lk" });
  if ("help" in typed) throw new Error(typed.help);
  const outcome = await ask(environment, {
    operation: typed.operation.name,
    parameters: typed.parameters,
    caller: { name: "@anna:example.org", role: "reader", origin: "chat", room: "room:local" },
  });
  if (!("answer" in outcome)) throw new Error("queued");
  return outcome.answer.messages.map(renderText).join("\n");
}

test.serial("digest, quiet and budget are set, shown and taken back", async (t) => {
  await type("digest 18:00 08:00 --after 50 --zone Europe/Berlin");
  await type("quiet 22:00-07:00");
  const shown = await type("budget 3 --minutes 10");
  t.regex(shown, /Digest at 08:00, 18:00 Europe\/Berlin, and when 50 have gathered/);
  t.regex(shown, /Quiet from 22:00 to 07:00 Europe\/Berlin/);
  t.regex(shown, /At most 3 messages at once, as many again in 10 minutes/);
  t.deepEqual(await preferenceFor("room:local", channelKinds), {
    zone: "Europe/Berlin",
    language: undefined,
    quiet: { from: "22:00", to: "07:00" },
    digest: { at: ["08:00", "18:00"], after: 50 },
    budget: { messages: 3, seconds: 600 },
  });
  await type("digest off");
  await type("quiet off");
  t.regex(await type("budget none"), /Every event by itself/);
  t.notRegex(await type("budget default"), /Digest|Quiet|Every/);
});

test.serial("times and zones that are none are refused, and nothing changes", async (t) => {
  for (const line of ["digest 25:00", "quiet 22:00", "quiet 07:00-07:00", "quiet 1:00-2:00"]) {
    await t.throwsAsync(type(line), { code: "BAD_ARGUMENTS" }, line);
  }
  await t.throwsAsync(type("digest 08:00 --zone Europe/Nowhere"));
  await t.throwsAsync(type("budget 0"));
  t.regex(await type("digest"), /At most 5 messages/);
});

test.serial("what waited for a digest that is no more is told", async (t) => {
  await type("digest 08:00");
  await database().query(
    `insert into bundle (destination, key, kind, opened_at, last_at, due_at)
     values ('room:local', 'digest', 'digest', now(), now(), now() + interval '9 hours')`,
  );
  await type("digest off");
  const [row] = await database().query<{ due: boolean }>(
    "select due_at <= now() as due from bundle",
  );
  t.true(row?.due);
});

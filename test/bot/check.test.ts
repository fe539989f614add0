import test from "ava";
import { checkInbox } from "../../bot/check.ts";
import { database } from "../../core/database/connect.ts";
import { renderText } from "../../core/message.ts";
import { testDatabase } from "../support/database.ts";
import { tell } from "../support/room.ts";

test.before(() => testDatabase().then(() => undefined));
test.after.always(() => database().close());

test("messages that nobody deals with are a finding", async (t) => {
  t.is((await checkInbox())[0]?.tone, "good");
  await tell("!lk status");
  t.is((await checkInbox())[0]?.tone, "good");
  await database().query("update incoming_message set received_at = now() - interval '5 minutes'");
  const [finding] = await checkInbox();
  t.is(finding?.tone, "bad");
  t.regex(
    finding === undefined ? "" : renderText(finding),
    /wait for the bot: 1, the oldest for 5m/,
  );
});

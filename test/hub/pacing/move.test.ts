import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { noticeBooks } from "../../../hub/pacing/books.ts";
import { moveDestination } from "../../../hub/routing/move.ts";
import { hubDatabase } from "../../support/hub.ts";
import { flushAt, forgetPacing, happen, told } from "../../support/pacing.ts";

test.before(hubDatabase);
test.beforeEach(forgetPacing);
test.after.always(() => database().close());

test.serial("what waits for a room is told in the one that replaced it", async (t) => {
  const [old, fresh] = ["matrix:!old:example.org", "matrix:!new:example.org"];
  const now = new Date();
  const tempo = { waitMs: 60_000, groupBy: ["suite"] as const };
  await happen([{ name: "bash" }], now, { destinations: [old], tempo });
  await happen([{ name: "zsh" }], now, { destinations: [old, fresh], tempo });
  await moveDestination(old, fresh);
  await flushAt(new Date(now.getTime() + 61_000));
  const lines = await told();
  t.is(lines.length, 1);
  t.regex(lines[0] ?? "", /^matrix:!new:example.org → .*zsh \| .*bash/);
  t.like(await noticeBooks(), { decided: 3, told: 2, collapsed: 1, held: 0, astray: 0 });
});

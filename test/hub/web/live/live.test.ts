import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { database } from "../../../../core/database/connect.ts";
import { ask } from "../../../../core/operation/ask.ts";
import { notify } from "../../../../core/operation/queue.ts";
import { LOCAL_ROOM, say } from "../../../../hub/channels/room/room.ts";
import { addEvent, type StartedWeb, startWeb } from "../started-web.ts";

let web: StartedWeb;
test.before(async () => {
  web = await startWeb();
});
test.after.always(() => web.stop());

interface Sent {
  event: string;
  id: string | undefined;
  data: { list?: string; id?: string; html?: string; [name: string]: unknown };
}

/** Reads a stream of server-sent events as a browser does. */
async function follow(path: string, headers: Record<string, string> = {}) {
  const controller = new AbortController();
  const response = await fetch(web.service.address() + path, {
    headers,
    signal: controller.signal,
  });
  const seen: Sent[] = [];
  const ended = (async () => {
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = Object.fromEntries(
          block.split("\n").map((line) => line.split(/: (.*)/s) as [string, string]),
        );
        if (fields["data"] === undefined) continue;
        seen.push({
          event: fields["event"] ?? "",
          id: fields["id"],
          data: JSON.parse(fields["data"]),
        });
      }
    }
  })().catch(() => undefined);
  return {
    response,
    seen,
    ended,
    close: () => controller.abort(),
    /** Waits for the first that fits. */
    async find(fits: (sent: Sent) => boolean): Promise<Sent> {
      for (;;) {
        const found = seen.find(fits);
        if (found !== undefined) return found;
        await sleep(20);
      }
    },
  };
}

function has(words: string) {
  return ({ data }: Sent): boolean => JSON.stringify(data).includes(words);
}

test.serial("a page hears of an event that happens while it is open", async (t) => {
  const page = await follow("/live?watch=events&since=0.0");
  t.is(page.response.headers.get("content-type"), "text/event-stream");
  await addEvent("_lk.live.one", { name: "live-one" });
  const sent = await page.find(has("live-one"));
  page.close();
  t.is(sent.event, "entry");
  t.like(sent.data, { list: "events", place: "first" });
  t.regex(sent.data.html ?? "", /^<li id="event-\d+"/);
});

test.serial("what happens between the page and its stream is not lost", async (t) => {
  await addEvent("_lk.live.before", { name: "before" });
  const [{ id } = { id: "0" }] = await database().query<{ id: string }>(
    "select max(id) as id from event",
  );
  await addEvent("_lk.live.gap", { name: "in-the-gap" });
  const page = await follow(`/live?watch=events&since=${id}.0`);
  await page.find(has("in-the-gap"));
  page.close();
  t.false(page.seen.some(has('"before"')));
});

test.serial("a browser that comes back says where it was, and that counts", async (t) => {
  const [{ id } = { id: "0" }] = await database().query<{ id: string }>(
    "select coalesce(max(id), 0) as id from event",
  );
  await addEvent("_lk.live.away", { name: "while-away" });
  const headers = { "last-event-id": `${id}.0` };
  const page = await follow("/live?watch=events&since=99999999.0", headers);
  t.truthy(await page.find(has("while-away")));
  page.close();
});

test("what is said in the room appears, and an edit of it replaces it", async (t) => {
  const page = await follow("/live?watch=room&since=0.0");
  const id = await say(LOCAL_ROOM, "local:web", "a spoken word");
  const first = await page.find(has("a spoken word"));
  t.true(first.data.html?.startsWith(`<div id="room-${id}"`));
  await database().query(
    `update room_message set body = 'an edited word', edited_at = now(),
       revision = nextval('room_revision') where id = $1`,
    [id],
  );
  const second = await page.find(has("an edited word"));
  page.close();
  t.true(second.data.html?.startsWith(`<div id="room-${id}"`));
});

test("progress moves on open pages, with a button only for who may stop it", async (t) => {
  const local = await follow("/live?watch=operations");
  const far = await follow("/live?watch=operations", { "x-forwarded-for": "192.0.2.1" });
  const caller = { name: "local:test", role: "admin", origin: "cli" } as const;
  const outcome = await ask(web.environment, { operation: "tidy", parameters: {}, caller });
  const queued = "queued" in outcome ? outcome.queued : undefined;
  await database().query(
    `update operation set state = 'running', progress = '{"step":"Reading","done":77,"total":100}'
      where id = $1`,
    [queued?.id],
  );
  await notify(queued?.id ?? "");
  const shown = await local.find(has('value=\\"77\\"'));
  const shownFar = await far.find(has('value=\\"77\\"'));
  local.close();
  far.close();
  t.like(shown, { event: "part", data: { id: "operations" } });
  t.true(shown.data.html?.includes("/cancel"));
  t.false(shownFar.data.html?.includes("/cancel"));
});

test("a part is not sent again while it is the same", async (t) => {
  const page = await follow("/live?watch=suites,nonsense");
  await page.find(({ data }) => data.id === "suites");
  await addEvent("_lk.live.other", {});
  await sleep(1_500);
  page.close();
  t.is(page.seen.length, 1);
});

test("a program hears the events that it asked for, in order, with their numbers", async (t) => {
  const stream = await follow("/api/v1/events/stream?tag=_lk.heard.*");
  for (let count = 0; count < 60; count++) {
    await addEvent(count % 2 === 0 ? "_lk.heard.yes" : "_lk.other.no", { count });
  }
  await stream.find(({ data }) => has('"count":58')({ event: "", id: "", data }));
  stream.close();
  t.deepEqual(
    stream.seen.map(({ data }) => (data["data"] as { count: number }).count),
    Array.from({ length: 30 }, (_, place) => place * 2),
  );
  t.true(stream.seen.every(({ id, data }) => id === data["number"]));
});

test("a program that was away gets what it missed, each event once", async (t) => {
  const numbers: string[] = [];
  for (let count = 0; count < 150; count++) {
    const uuid = await addEvent("_lk.missed.one", { count });
    if (count === 9) {
      const [row] = await database().query<{ id: string }>("select id from event where uuid = $1", [
        uuid,
      ]);
      numbers.push(row?.id ?? "");
    }
  }
  const headers = { "last-event-id": numbers[0] ?? "" };
  const stream = await follow("/api/v1/events/stream?tag=_lk.missed.one", headers);
  await addEvent("_lk.missed.one", { count: 150 });
  await stream.find(has('"count":150'));
  stream.close();
  t.deepEqual(
    stream.seen.map(({ data }) => (data["data"] as { count: number }).count),
    Array.from({ length: 141 }, (_, place) => place + 10),
  );
});

test("an event that is committed late, behind larger numbers, is heard too", async (t) => {
  const stream = await follow("/api/v1/events/stream?tag=_lk.late.*");
  const client = await database().client();
  await client.query("begin");
  await client.query(
    `insert into event (uuid, tag, time, origin, body, data)
     values (gen_random_uuid(), '_lk.late.slow', now(), 'local', '{}', '{}')`,
  );
  await addEvent("_lk.late.quick", {});
  await stream.find(has("_lk.late.quick"));
  await client.query("commit");
  await client.end();
  t.truthy(await stream.find(has("_lk.late.slow")));
  stream.close();
});

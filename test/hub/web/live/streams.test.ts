import test from "ava";
import { createStreams, type Stream } from "../../../../hub/web/live/streams.ts";

function opener(address: string) {
  const streams = createStreams();
  return { streams, open: () => streams.open(address) };
}

test("one address cannot take all the streams, and a closed one makes room", async (t) => {
  const { streams, open } = opener("127.0.0.1");
  const opened: Stream[] = [];
  const error = t.throws(() => {
    for (;;) opened.push(open());
  });
  t.like(error, { code: "TOO_MANY_STREAMS" });
  t.is(opened.length, 40);
  t.notThrows(() => streams.open("192.0.2.1"));
  await new Promise<void>((resolve) => opened[0]?.body.once("close", resolve).destroy());
  t.notThrows(open);
  streams.close();
});

test("all addresses together have a limit too", (t) => {
  const streams = createStreams();
  const error = t.throws(() => {
    for (let count = 0; ; count++) streams.open(`192.0.2.${count}`);
  });
  t.like(error, { code: "TOO_MANY_STREAMS" });
  t.is(streams.size, 200);
  streams.close();
});

test("a reader who does not read is let go instead of filling the memory", (t) => {
  const { streams, open } = opener("127.0.0.1");
  const stream = open();
  for (let count = 0; count < 30; count++) {
    stream.send({ event: "event", data: "x".repeat(100_000) });
  }
  t.true(stream.closed);
  t.true(stream.body.readableLength + stream.body.writableLength < 2_000_000);
  streams.close();
});

test("data with line ends is one line on the wire", (t) => {
  const { streams, open } = opener("127.0.0.1");
  const stream = open();
  stream.send({ event: "event", id: "7", data: { text: "a\n\nevent: forged\rb" } });
  const text = String(stream.body.read());
  t.is(text, 'retry: 2000\n\nid: 7\nevent: event\ndata: {"text":"a\\n\\nevent: forged\\rb"}\n\n');
  streams.close();
});

import test from "ava";
import { z } from "zod";
import { declareEvent } from "../../../core/events/declare.ts";
import { type Message, plainLine } from "../../../core/message.ts";
import { peerArchiveEvents } from "../../../core/modules/archive/peer-events.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import type { ChannelKind, DeliverySubject } from "../../../hub/channels/channel.ts";
import { canonicalAddress } from "../../../hub/channels/email/address.ts";
import { renderEvent } from "../../../hub/pacing/render.ts";
import { decide } from "../../../hub/routing/decide.ts";
import { newRulebook } from "../../../hub/routing/rulebook.ts";
import type { Rule } from "../../../hub/routing/rules.ts";

const quiet = declareEvent({
  tag: "_lk.test.counted",
  summary: "a count",
  schema: z.object({ count: z.number() }),
  audience: "people",
  subject: () => ({}),
  render: ({ count }) => (count === 0 ? null : { tone: "good", headline: [`${count} counted`] }),
});
const registry = createRegistry([
  { name: "archive", summary: "", events: [...peerArchiveEvents, quiet] },
]);
const email: ChannelKind = {
  name: "email",
  example: "email:a@example.org",
  canonical: canonicalAddress,
  create: () => undefined,
};
const everything: Rule = {
  name: "the local room",
  destination: "room:local",
};
const UUID = "5c8f5d4e-1dd2-11b2-8080-808080808080";

interface Told {
  destination: string;
  reason: string | undefined;
  message: Message;
  subject: DeliverySubject;
}

const announce = { other: "devel@example.org", suites: { sid: "sid@example.org", rc: "" } };

/** What each destination would be told, as pacing puts it together. */
function plan(tag: string, data: unknown, rules = [everything]): Told[] {
  const event = { uuid: UUID, tag, data };
  const rendered = renderEvent(event, { registry, links: { web: undefined } });
  if (rendered === undefined) return [];
  const deciding = { registry, kinds: [email], announce };
  return decide(event, newRulebook(rules), deciding).map(({ destination, reasons, subject }) => ({
    destination,
    reason: reasons[0]?.name,
    message: rendered.message,
    subject: { ...rendered.subject, ...subject },
  }));
}

const accepted = {
  repo: "master",
  suite: "landing",
  upload_name: "bash_5.3-1_source",
  is_new: false,
  files: ["bash_5.3-1.dsc"],
  changes: "  * New release.",
  source_name: "bash",
  source_version: "5.3-1",
  uploader_email: "anna@Example.org",
  uploader_name: "Anna",
};

test("an accepted source is told to its uploader, to the list and to all who hear everything", (t) => {
  const planned = plan("_lk.archive.package-upload-accepted", accepted);
  t.deepEqual(
    planned.map((one) => [one.destination, one.reason, one.subject.title, one.subject.label]),
    [
      [
        "email:anna@example.org",
        "you uploaded it",
        "[master] bash_5.3-1_source ACCEPTED into landing",
        "package-accepted",
      ],
      [
        "email:devel@example.org",
        "email.announce in the configuration",
        "[master] Accepted bash 5.3-1 into landing",
        "package-accepted",
      ],
      ["room:local", "the local room", undefined, undefined],
    ],
  );
  t.deepEqual(
    planned.map((one) => one.subject.announcement ?? false),
    [false, true, false],
  );
  t.like(planned[2]?.subject, { event: UUID, repository: "master", packages: ["bash"] });
});

for (const [suite, lists] of [
  ["sid", ["email:sid@example.org"]],
  ["rc", []],
  ["landing", ["email:devel@example.org"]],
  ["constructor", ["email:devel@example.org"]],
] as const) {
  test(`accepted into ${suite}: announced to ${lists.join(" ") || "no list"}`, (t) => {
    const planned = plan("_lk.archive.package-upload-accepted", { ...accepted, suite }, []);
    const announced = planned.filter((one) => one.subject.announcement === true);
    t.deepEqual(
      announced.map((one) => one.destination),
      lists,
    );
  });
}

test("what waits for review is told to its uploader and not announced", (t) => {
  const planned = plan("_lk.archive.package-upload-accepted", { ...accepted, is_new: true });
  t.deepEqual(
    planned.map((one) => [one.destination, one.subject.title, one.subject.label]),
    [
      [
        "email:anna@example.org",
        "[master] bash_5.3-1_source for landing is NEW",
        "package-queued-new",
      ],
      ["room:local", undefined, undefined],
    ],
  );
});

test("an upload without source is not announced", (t) => {
  const { source_name: _name, source_version: _version, ...binary } = accepted;
  const planned = plan("_lk.archive.package-upload-accepted", binary);
  t.deepEqual(
    planned.map((one) => one.destination),
    ["email:anna@example.org", "room:local"],
  );
});

test("a rejected upload is told to its uploader, with the reason", (t) => {
  const data = {
    repo: "master",
    upload_name: "x_1",
    reason: "bad\nchecksum",
    uploader_email: "b@c.de",
  };
  const [mail] = plan("_lk.archive.package-upload-rejected", data);
  t.like(mail, { destination: "email:b@c.de" });
  t.like(mail?.subject, { title: "[master] x_1 REJECTED", label: "package-rejected" });
  t.deepEqual([mail?.message.answers?.why, mail?.message.quote], [["bad"], "checksum"]);
});

for (const [what, address] of [
  ["without an address", undefined],
  ["with an address that is none", "anna@example.org\r\nBcc: eve@example.net"],
  ["with an empty address", ""],
] as const) {
  test(`an uploader ${what} gets no mail`, (t) => {
    const data = { repo: "master", upload_name: "x_1", reason: "bad", uploader_email: address };
    const planned = plan("_lk.archive.package-upload-rejected", data);
    t.deepEqual(
      planned.map((one) => one.destination),
      ["room:local"],
    );
  });
}

test("who uploads and follows hears once, as the uploader", (t) => {
  const follows = { ...everything, name: "route 1", destination: "email:anna@example.org" };
  const planned = plan("_lk.archive.package-upload-accepted", accepted, [follows]);
  t.deepEqual(
    planned.map((one) => [one.destination, one.reason]),
    [
      ["email:anna@example.org", "you uploaded it"],
      ["email:devel@example.org", "email.announce in the configuration"],
    ],
  );
});

test("an event that has nothing to say reaches nobody", (t) => {
  t.deepEqual(plan("_lk.test.counted", { count: 0 }), []);
  t.is(plan("_lk.test.counted", { count: 2 }).length, 1);
});

test("an event nobody declares is shown as it is, harmlessly", (t) => {
  const [told] = plan("_lk.future.thing", { name: "bash\u202e" });
  t.regex(plainLine(told?.message.headline ?? []), /_lk\.future\.thing/);
});

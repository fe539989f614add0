import test from "ava";
import fc from "fast-check";
import { eventFaults, understand } from "../../../core/events/catalogue.ts";
import { renderHtml, renderText } from "../../../core/message.ts";
import { peerArchiveEvents } from "../../../core/modules/archive/peer-events.ts";
import { base } from "../../../core/modules/base/index.ts";
import { build } from "../../../core/modules/build/index.ts";
import { debcheck } from "../../../core/modules/debcheck/index.ts";
import { images } from "../../../core/modules/images/index.ts";
import { jobs } from "../../../core/modules/jobs/index.ts";
import { migrate } from "../../../core/modules/migrate/index.ts";
import { sync } from "../../../core/modules/sync/index.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { eventSamples } from "../../support/event-samples.ts";

const archive = { name: "archive", summary: "", events: peerArchiveEvents };
const modules = [base, jobs, archive, build, sync, migrate, debcheck, images];
const catalogue = createRegistry(modules).events;
const links = { web: "https://lk.example.org" };

const samples = eventSamples().filter(({ tag }) => catalogue.has(tag));

test("all 28 kinds of event of the peer are declared, and seven that old versions sent", (t) => {
  // What happens here and never there.
  const ours = ["_lk.jobs.job-lost", "_lk.jobs.job-terminated", "_lk.core.canary"];
  const all = [...catalogue.values()].filter((event) => !ours.includes(event.tag));
  t.is(all.filter((event) => event.legacy !== true).length, 28);
  t.is(all.filter((event) => event.legacy === true).length, 7);
});

test("only canaries and the two debcheck issue events are noise, and an empty check says nothing", (t) => {
  const noise = [...catalogue.values()].filter((event) => event.audience === "noise");
  t.deepEqual(
    noise.map((event) => event.tag),
    ["_lk.core.canary", "_lk.debcheck.issue-found", "_lk.debcheck.issue-resolved"],
  );
  const counts = { new_issues_count: 0, resolved_issues_count: 0 };
  const check = { package_type: "source", repo: "r", suite: "s", ...counts };
  t.is(understand(catalogue, "_lk.debcheck.check-completed", check).render(links), null);
});

test("without a base address there are no links, and nothing else changes", (t) => {
  for (const { tag, data } of samples) {
    const event = understand(catalogue, tag, data);
    const [bare, linked] = [event.render({ web: undefined }), event.render(links)];
    t.deepEqual(bare?.headline, linked?.headline, tag);
    t.notRegex(bare ? renderText(bare) : "", /https?:/);
  }
});

test("later versions may add fields", (t) => {
  for (const { tag, data } of samples) {
    t.deepEqual(eventFaults(catalogue, tag, { ...data, added_later: [1, { x: null }] }), [], tag);
  }
});

test("data of another shape than declared still gives a message", (t) => {
  const broken = { pkgname: "libfoo", suite: "landing", version: 7, files: ["x"], extra: null };
  const event = understand(catalogue, "_lk.archive.package-build-failed", broken);
  t.is(event.declaration, undefined);
  t.deepEqual(event.subject, { suites: ["landing"], packages: ["libfoo"] });
  const message = event.render(links);
  t.is(
    message && renderText(message),
    [
      "ℹ️ Event _lk.archive.package-build-failed came in a form that is not known here",
      "  pkgname: libfoo",
      "  suite: landing",
      "  version: 7",
    ].join("\n"),
  );
});

test("an unknown tag with any data gives a message, never a crash", (t) => {
  fc.assert(
    fc.property(fc.string(), fc.anything(), (tag, data) => {
      const message = understand(catalogue, tag, data).render(links);
      return message !== null && renderText(message).length < 10_000;
    }),
  );
  t.pass();
});

const WILD = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "two\nlines\r\nand \u2028 more",
  "\u202eevil\u202c \u2066x\u2069",
  "\u0000\u0007\u001b[31m\u009b",
  "../../../etc/passwd?x#y",
  "javascript:alert(1)",
  "..",
  "half \ud800 a pair",
  "{0} ${x} %s $& <b",
  "",
];
const TAGS = /<\/?(?:p|b|code|ul|li|blockquote|br|span|a)(?:\s+[a-z-]+="[^"<>]*")*\s*>/g;
// oxlint-disable-next-line no-control-regex
const HARMFUL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

test("hostile data stays data: no markup, no control characters, no foreign address", (t) => {
  const text = fc.oneof(
    fc.constantFrom(...WILD),
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constant("x".repeat(100_000)),
    fc.constant("line\n".repeat(1000)),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(text, { minLength: 9 }),
      ({ tag, data }, texts) => {
        const event = understand(catalogue, tag, replaceTexts(data, texts));
        t.truthy(event.declaration, tag);
        const message = event.render(links);
        if (message === null) return;
        const plain = renderText(message);
        t.notRegex(plain, HARMFUL);
        t.true(plain.split("\n").length <= 12, plain);
        t.true(plain.length < 12_000);
        const html = renderHtml(message).text;
        t.notRegex(html, HARMFUL);
        t.notRegex(html.replace(TAGS, ""), /[<>]/, html);
        const addresses = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? "");
        t.true(addresses.length <= 1);
        for (const address of addresses) {
          t.regex(address, /^https:\/\/lk\.example\.org\/[A-Za-z0-9\-_.!~*'()%/&#;]+$/);
          t.is(new URL(address).pathname, address.slice(links.web.length).replaceAll("&#39;", "'"));
        }
      },
    ),
    { numRuns: 600 },
  );
});

/** The same data with other texts in it; numbers and booleans stay. */
function replaceTexts(value: unknown, texts: string[]): unknown {
  let next = 0;
  function replace(part: unknown): unknown {
    if (typeof part === "string") return texts[next++ % texts.length];
    if (Array.isArray(part)) return part.map(replace);
    if (typeof part !== "object" || part === null) return part;
    const members = Object.entries(part).map(([key, member]) => [key, replace(member)] as const);
    return Object.fromEntries(members);
  }
  return replace(value);
}

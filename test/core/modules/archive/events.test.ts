import test from "ava";
import { understand } from "../../../../core/events/catalogue.ts";
import { renderHtml, renderText } from "../../../../core/message.ts";
import { importEvents } from "../../../../core/modules/archive/events.ts";
import { createRegistry } from "../../../../core/operation/registry.ts";

const catalogue = createRegistry([{ name: "archive", summary: "", events: importEvents }]).events;
const links = { web: "https://lk.example.org" };
const place = { repo: "debian", suite: "sid" };

const changed = {
  ...place,
  pkg_name: "mini",
  change: "updated",
  version_old: "1.0",
  version_new: "1.1",
  component: "main",
  source_changed: true,
  binaries: [
    {
      name: "libmini1",
      type: "deb",
      change: "updated",
      version_old: "1.0",
      version_new: "1.1",
      architectures: ["amd64", "arm64"],
    },
  ],
  binaries_count: 3,
};

function text(tag: string, data: Record<string, unknown>): string[] {
  const event = understand(catalogue, `_lk.archive.${tag}`, data);
  if (event.declaration === undefined) throw new Error("the data is not as declared");
  const message = event.render(links);
  return message === null ? [] : renderText(message).split("\n");
}

test("a changed package says what, from which version, to which, where and how it goes on", (t) => {
  t.deepEqual(text("package-changed", changed), [
    "✅ mini 1.0 → 1.1 was updated in debian:sid",
    "  libmini1 1.0 → 1.1 updated on ⚙amd64, ⚙arm64",
    "  and 2 more binary packages",
    "  → See the package <https://lk.example.org/package/src/sid/mini>",
  ]);
  t.deepEqual(
    text("package-changed", {
      ...changed,
      change: "removed",
      version_new: null,
      binaries: [],
      binaries_count: 0,
    }),
    ["⚠️ mini 1.0 left debian:sid"],
  );
  t.is(
    text("package-changed", { ...changed, change: "changed", source_changed: false })[0],
    "⚠️ mini 1.0 → 1.1 (binaries only) was changed without a new version in debian:sid",
  );
});

test("a route finds a changed package by source, binary, suite and repository", (t) => {
  const { subject } = understand(catalogue, "_lk.archive.package-changed", changed);
  t.deepEqual(subject, {
    repository: "debian",
    suites: ["sid"],
    packages: ["mini", "libmini1"],
  });
});

test("many changes are counted, and the first are named", (t) => {
  const counts = { added: 1, updated: 20, changed: 0, removed: 2 };
  t.deepEqual(
    text("suite-changed", {
      ...place,
      packages_count: 23,
      packages: ["a1", "b1"],
      sources: counts,
      binaries: { ...counts, added: 0, updated: 0, removed: 0 },
    }),
    [
      "ℹ️ debian:sid: changes in 23 source packages",
      "  sources: 1 added, 20 updated, 2 removed",
      "  a1, b1 and 21 more",
    ],
  );
});

test("a first import is one message with counts", (t) => {
  t.deepEqual(
    text("suite-imported", {
      ...place,
      sources: 34335,
      binaries: 63440,
      udebs: 7,
      components: ["main"],
      architectures: ["amd64"],
      bytes: 100_784_934,
    }),
    [
      "✅ debian:sid was imported for the first time: 34335 sources, 63440 binaries and 7 for the installer",
      "  components main, architectures ⚙amd64",
      "  101 MB of indices read",
    ],
  );
});

test("a failing import says why, and that it works again", (t) => {
  const reason = "Cannot fetch <x>";
  t.deepEqual(text("import-failed", { ...place, reason, code: "MIRROR_UNREACHABLE" }), [
    "❌ The import of debian:sid fails",
    "  | Cannot fetch <x>",
    "  → import sid tries it again and says more",
  ]);
  t.is(
    text("import-recovered", { ...place, failing_since: "2026-11-22T10:00:00.000Z" })[0],
    "✅ The import of debian:sid works again",
  );
});

test("names from outside are escaped wherever they appear", (t) => {
  const evil = "<script>alert(1)</script>";
  for (const [tag, data] of [
    ["package-changed", { ...changed, pkg_name: evil, suite: evil, version_new: evil }],
    ["import-failed", { repo: evil, suite: evil, reason: evil, code: evil }],
  ] as const) {
    const message = understand(catalogue, `_lk.archive.${tag}`, data).render(links);
    if (message === null) throw new Error("nothing was rendered");
    t.false(renderHtml(message).text.includes("<script"));
  }
});

import test from "ava";
import { understand } from "../../../../core/events/catalogue.ts";
import { renderHtml } from "../../../../core/message.ts";
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

test("a route finds a changed package by source, binary, suite and repository", (t) => {
  const { subject } = understand(catalogue, "_lk.archive.package-changed", changed);
  t.deepEqual(subject, {
    repository: "debian",
    suites: ["sid"],
    packages: ["mini", "libmini1"],
  });
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

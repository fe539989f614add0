import test from "ava";
import { foldJournal, type JournalRow } from "../../../../core/modules/archive/fold-journal.ts";

function row(fields: Partial<JournalRow>): JournalRow {
  return {
    type: "source",
    name: "mini",
    source_name: "mini",
    component: "main",
    architecture: "source",
    change: "updated",
    version_old: "1",
    version_new: "2",
    ...fields,
  };
}

function deb(name: string, architecture: string, fields: Partial<JournalRow> = {}): JournalRow {
  return row({ type: "deb", name, architecture, ...fields });
}

test("a source and its binaries are one change, told by the source", (t) => {
  const [change, ...more] = foldJournal([row({}), deb("mini", "amd64"), deb("libmini", "amd64")]);
  t.deepEqual(more, []);
  t.like(change, { pkg_name: "mini", change: "updated", source_changed: true, binaries_count: 2 });
});

test("architectures that changed alike are told together, others on their own", (t) => {
  const [change] = foldJournal([
    deb("mini", "amd64"),
    deb("mini", "arm64"),
    deb("mini", "i386", { version_new: "2+b1" }),
  ]);
  t.deepEqual(
    change?.binaries.map((one) => [one.name, one.version_new, one.architectures]),
    [
      ["mini", "2", ["amd64", "arm64"]],
      ["mini", "2+b1", ["i386"]],
    ],
  );
});

test("where only binaries changed, they say what happened", (t) => {
  const [rebuilt] = foldJournal([deb("mini", "amd64", { version_old: "1", version_new: "1+b1" })]);
  t.like(rebuilt, {
    source_changed: false,
    change: "updated",
    version_old: "1",
    version_new: "1+b1",
  });
});

test("a move to another component is an update", (t) => {
  const moved = foldJournal([
    row({ change: "removed", version_old: "1", version_new: null, component: "main" }),
    row({ change: "added", version_old: null, version_new: "1", component: "contrib" }),
  ]);
  t.is(moved.length, 1);
  t.like(moved[0], {
    change: "updated",
    version_old: "1",
    version_new: "1",
    component: "contrib",
    component_old: "main",
  });
});

test("each source package is told on its own", (t) => {
  const changes = foldJournal([row({}), row({ name: "other", source_name: "other" })]);
  t.deepEqual(
    changes.map((change) => change.pkg_name),
    ["mini", "other"],
  );
});

test("a source with endless binaries is told with the first of them and their number", (t) => {
  const rows = Array.from({ length: 300 }, (_, number) => deb(`mini${number}`, "amd64"));
  const [change] = foldJournal(rows);
  t.is(change?.binaries.length, 50);
  t.is(change?.binaries_count, 300);
});

import test from "ava";
import { parsePackageList } from "../../../core/debian/package-list.ts";

test("a list gives each expected binary with all its words", (t) => {
  const list = parsePackageList(
    "\n bash deb shells required arch=any essential=yes\n" +
      " libc6-udeb udeb debian-installer optional arch=amd64,arm64" +
      " profile=!noudeb,!stage1+cross protected=yes profile:v1=!noudeb&!stage1\n old deb misc extra",
  );
  t.is(list.length, 3);
  t.like(list[0], { name: "bash", type: "deb", section: "shells", priority: "required" });
  t.deepEqual(list[0]?.architectures, ["any"]);
  t.true(list[0]?.essential);
  t.deepEqual(list[1], {
    name: "libc6-udeb",
    type: "udeb",
    section: "debian-installer",
    priority: "optional",
    architectures: ["amd64", "arm64"],
    profiles: [
      [
        { name: "noudeb", negated: true },
        { name: "stage1", negated: true },
      ],
      [{ name: "cross", negated: false }],
    ],
    essential: false,
    protected: true,
    other: { "profile:v1": "!noudeb&!stage1" },
  });
  t.is(list[2]?.architectures, undefined);
});

test("an empty list expects nothing", (t) => {
  t.deepEqual(parsePackageList("\n"), []);
});

for (const line of ["x deb misc optional", "foo deb misc", "foo deb misc optional arch"]) {
  test(`the line "${line}" is refused and quoted`, (t) => {
    const error = t.throws(() => parsePackageList(`\n ${line}`), {
      code: "MALFORMED_PACKAGE_LIST",
    } as never);
    t.true(error?.message.includes(line));
  });
}

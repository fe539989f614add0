import test from "ava";
import { architectureFault, packageNameFault } from "../../../core/debian/package-name.ts";

for (const name of ["0ad", "libc6", "g++-12", "libsigc++-2.0-0v5", "python3.11"]) {
  test(`${name} is a valid package name`, (t) => t.is(packageNameFault(name), undefined));
}

for (const [name, fault] of [
  ["<script>", "does not start"],
  ["a<script>", "only a-z"],
  ["a", "less than two"],
  ["", "less than two"],
  ["Mini", "does not start"],
  ["+mini", "does not start"],
  ["mini data", "only a-z"],
  ["mini\n", "only a-z"],
  ["../mini", "does not start"],
] as const) {
  test(`${JSON.stringify(name)} is refused as a package name`, (t) => {
    t.true(packageNameFault(name)?.includes(fault), packageNameFault(name));
  });
}

test("architectures are lower-case words with dashes", (t) => {
  t.is(architectureFault("kfreebsd-amd64"), undefined);
  t.is(architectureFault("all"), undefined);
  t.not(architectureFault("amd64/../x"), undefined);
  t.not(architectureFault(""), undefined);
});

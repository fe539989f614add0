import test from "ava";
import { explainFullDisk } from "../../../core/database/disk-full.ts";

test("a full disk is told as such, however deep the driver's error lies", (t) => {
  const message = 'could not extend file "base/1/2": No space left on device';
  const error = Object.assign(new Error(message), { code: "53100" });
  const wrapped = Object.assign(new Error("query failed"), { parent: error });
  for (const thrown of [error, wrapped]) {
    const told = explainFullDisk(thrown);
    t.like(told, { code: "DATABASE_FULL", cause: thrown });
    t.true((told as Error).message.endsWith(`${message}.`));
  }
});

test("any other failure stays what it is", (t) => {
  const others = [new Error("x"), Object.assign(new Error("y"), { code: "23505" }), null, "text"];
  for (const thrown of others) t.is(explainFullDisk(thrown), thrown);
});

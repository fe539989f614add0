import test from "ava";
import fc from "fast-check";
import { printExpression } from "../../../../hub/routing/expression/expression.ts";
import { SubscriptionBook } from "../../../../hub/routing/subscription/book.ts";
import type { Subscription } from "../../../../hub/routing/subscription/subscription.ts";
import { factsOf, plainly, rule, table } from "../expression/rule.ts";

function subscription(id: number, part: Partial<Subscription>): Subscription {
  return {
    id: String(id),
    destination: `email:${id}@example.org`,
    kind: "matching",
    value: "",
    condition: "",
    keywords: null,
    muted: [],
    owner: "anna",
    createdBy: "anna",
    createdAt: new Date(0),
    ...part,
  };
}

function found(book: SubscriptionBook, event: Record<string, string[]>, teams: string[] = []) {
  return book.matching(factsOf(event), teams).map((entry) => entry.subscription.id);
}

test("what is looked up is what asking each one would find", (t) => {
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 20, maxLength: 20 }),
      fc.array(table, { minLength: 20, maxLength: 20 }),
      fc.nat(19),
      (rules, events, gone) => {
        const book = new SubscriptionBook();
        rules.forEach((one, n) => book.put(subscription(n, { condition: printExpression(one) })));
        book.remove(String(gone));
        return events.every((event) => {
          const expected = rules.flatMap((one, n) =>
            n !== gone && plainly(one, event) ? [n] : [],
          );
          const ours = book.matching(factsOf(event)).map((entry) => Number(entry.subscription.id));
          return ours.join() === expected.join();
        });
      },
    ),
    { numRuns: 200 },
  );
  t.pass();
});

test("each kind is found by what it names", (t) => {
  const book = new SubscriptionBook();
  const kinds: Partial<Subscription>[] = [
    { kind: "package", value: "bash" },
    { kind: "package", value: "linux-*" },
    { kind: "source", value: "bash" },
    { kind: "maintainer", value: "a@example.org" },
    { kind: "team", value: "kernel" },
    { kind: "suite", value: "sid" },
    { kind: "keyword", value: "build" },
    { kind: "person", value: "a@example.org" },
    { kind: "matching", value: "", condition: "repository = master" },
    { kind: "package", value: "bash", condition: "suite = forky" },
    { kind: "team", value: "kernel", condition: "suite = forky" },
  ];
  kinds.forEach((part, n) => book.put(subscription(n, part)));
  t.deepEqual(found(book, { package: ["bash"] }), ["0"]);
  t.deepEqual(found(book, { package: ["linux-image"] }), ["1"]);
  t.deepEqual(found(book, { source: ["bash"] }), ["2"]);
  t.deepEqual(found(book, { maintainer: ["a@example.org"] }), ["3"]);
  t.deepEqual(found(book, {}, ["kernel"]), ["4"]);
  t.deepEqual(found(book, { suite: ["sid"] }), ["5"]);
  t.deepEqual(found(book, { keyword: ["build"] }), ["6"]);
  t.deepEqual(found(book, { uploader: ["a@example.org"] }), ["7"]);
  t.deepEqual(found(book, { repository: ["master"] }), ["8"]);
  t.deepEqual(found(book, { package: ["bash"], suite: ["forky"] }), ["0", "9"]);
  t.deepEqual(found(book, { suite: ["forky"] }, ["kernel"]), ["4", "10"]);
  t.deepEqual(found(book, {}), []);
});

test("what ended is found no more, and what changed as it is now", (t) => {
  const book = new SubscriptionBook();
  book.put(subscription(1, { kind: "package", value: "bash" }));
  book.put(subscription(2, { kind: "package", value: "bash" }));
  book.put(subscription(1, { kind: "package", value: "zsh" }));
  book.remove("2");
  book.remove("3");
  t.deepEqual(found(book, { package: ["bash"] }), []);
  t.deepEqual(found(book, { package: ["zsh"] }), ["1"]);
  t.is(book.size, 1);
});

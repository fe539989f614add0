import test from "ava";
import { understand } from "../../../core/events/catalogue.ts";
import { coreModules } from "../../../core/modules/index.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { eventSamples } from "../../support/event-samples.ts";
import { ATTACKS, attacks, fillSample, fillSchema } from "../../support/injection.ts";
import { foreignMarkup, MATRIX_MARKUP, readMatrixHtml } from "../../support/markup.ts";
import { messageFaults } from "../../support/message-faults.ts";

/** The 5,000 texts through every field by itself: test/slow/injection.test.ts. */
const { events } = createRegistry(coreModules);
const reader = {
  web: "https://lk.example.org",
  event: { uuid: "7c1e2f3a-c78b-11f1-8b6e-0242ac120002", time: new Date(0) },
};

test("hostile texts in all fields of all events stay text, in rooms, terminals and pages", (t) => {
  const declarations = [...events.values()];
  let said = 0;
  for (const [number, attack] of ATTACKS.entries()) {
    for (const { tag, schema } of declarations.filter((_, index) => (index + number) % 9 === 0)) {
      const data = fillSchema(schema, () => attack);
      const event = understand(events, tag, data);
      t.not(event.declaration, undefined, tag);
      const message = event.render(reader);
      if (message === null) continue;
      said++;
      t.deepEqual(messageFaults(message), [], `${tag}: ${JSON.stringify(attack)}`);
    }
  }
  t.true(said > 500);
});

test("in every sentence that samples lead to, too, in every language", (t) => {
  const texts = attacks(300).slice(150);
  eventSamples().forEach(({ tag, name, data }, index) => {
    for (const language of ["en", "de"] as const) {
      const attack = texts[index % texts.length] ?? "";
      const message = understand(
        events,
        tag,
        fillSample(data, () => attack),
      ).render({
        ...reader,
        language,
      });
      if (message === null) continue;
      t.deepEqual(messageFaults(message), [], `${tag}, ${name}: ${JSON.stringify(attack)}`);
    }
  });
});

test("an event that nobody declares is shown without harm, tag, names and all", (t) => {
  for (const attack of ATTACKS) {
    const data = JSON.parse(
      JSON.stringify({ [attack]: attack, n: 1, deep: { [attack]: 1 } }),
    ) as unknown;
    const message = understand(events, attack, data).render(reader);
    if (message === null) throw new Error("nothing was said");
    t.deepEqual(messageFaults(message), [], JSON.stringify(attack));
  }
});

test("what looks for foreign markup finds it", (t) => {
  for (const html of [
    "<p>a<script>b</script></p>",
    "<p><a href='javascript:x'>a</a></p>",
    "<p><a href='https://matrix.to/#/@a:b'>a</a></p>",
    "<p onclick=x>a</p>",
    "<p>a</p><!-- b -->",
    "<p><span data-mx-color='red'>a</span></p>",
  ]) {
    t.not(foreignMarkup(html, MATRIX_MARKUP).length, 0, html);
  }
  t.is(readMatrixHtml("<p>a <b>b</b></p><ul><li>c</li></ul><p>→ d</p>"), "a b\n  c\n  → d");
});

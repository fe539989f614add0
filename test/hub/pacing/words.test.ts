import test from "ava";
import { understand } from "../../../core/events/catalogue.ts";
import { coreModules } from "../../../core/modules/index.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { didWords } from "../../../hub/pacing/words.ts";
import { eventSamples } from "../../support/event-samples.ts";

test("what events say was done has words in every language, for the counts of summaries", (t) => {
  const { events } = createRegistry(coreModules);
  const said = eventSamples().flatMap(({ tag, data }) => {
    const { did } = understand(events, tag, data).story;
    return did === undefined ? [] : [did];
  });
  t.true(said.length > 30);
  const unknown = new Set(said.filter((did) => !Object.hasOwn(didWords.texts.en, did)));
  // A kind of issue that no version has a word for is shown as it is.
  t.deepEqual([...unknown], ["none"]);
});

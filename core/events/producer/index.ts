/** What programs outside import as `laniakea/producer`: see docs/producers.md. */
export { OperatorError } from "../../errors.ts";
export type { Outcome, Patience } from "./delivery.ts";
export { openProducer, type Producer, type ProducerOptions } from "./producer.ts";

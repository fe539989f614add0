import { simpleParser } from "mailparser";
import { database } from "../../core/database/connect.ts";
import { addressOf, channelOf } from "../destination.ts";
import { type Judgement, recordBounce } from "./bounce.ts";
import { readDeliveryReport } from "./delivery-report.ts";
import type { IncomingMail } from "./incoming.ts";

/**
 * Deals with mail that came back to the envelope sender of a delivery: a report that it failed
 * counts against its address; delays and receipts do not, nor does what people or their holiday
 * programs wrote back.
 *
 * @param deliveryId that the envelope proved
 * @returns what became of it, in a few words
 */
export async function dealWithReport(
  mail: IncomingMail,
  deliveryId: string,
  judgement: Judgement,
): Promise<string> {
  const reports = readDeliveryReport(await simpleParser(mail.source, { keepDeliveryStatus: true }));
  if (reports === undefined) return "no report: nothing follows from it";
  const failed = reports.find(({ action }) => action === "failed");
  if (failed === undefined) return `report: ${reports[0]?.action ?? "says nothing"}`;
  const [delivery] = await database().query<{ destination: string }>(
    "select destination from delivery where id = $1",
    [deliveryId],
  );
  if (delivery === undefined || channelOf(delivery.destination) !== "email") {
    return "report about a delivery that is not known any more";
  }
  const address = addressOf(delivery.destination);
  const became = await recordBounce(deliveryId, address, failed, judgement);
  if (became === "known") return `report ${failed.status}: known already`;
  const said = `undeliverable: ${failed.status} ${failed.diagnostic}`.trim();
  await database().query("update delivery set last_error = $2 where id = $1", [deliveryId, said]);
  return `report ${failed.status}: ${became}`;
}

import { z } from "zod";
import { database } from "../../database/connect.ts";
import { verifyAudit } from "../../operation/audit.ts";
import { declareOperation } from "../../operation/declare.ts";

/** Checks the hash chain of the audit from its first record to its last. */
export const auditVerify = declareOperation({
  name: "audit verify",
  summary: "check that no record of the audit was changed",
  examples: ["audit verify"],
  parameters: z.object({}),
  role: "admin",
  kind: "answer",
  async run() {
    const { records, brokenAt } = await verifyAudit();
    if (brokenAt !== undefined) {
      return {
        messages: [
          {
            tone: "bad",
            headline: [
              "The audit was tampered with: ",
              { strong: `record ${brokenAt}` },
              " was changed, or the one before it removed.",
            ],
            details: [[`The ${records.toLocaleString("en")} before it are whole.`]],
            next: ["Compare with a backup of the database, and ask who had access to it."],
          },
        ],
        data: { records, brokenAt },
        failed: true,
      };
    }
    return {
      messages: [
        { tone: "good", headline: ["The audit is whole: ", { strong: count(records) }, "."] },
      ],
      data: { records },
    };
  },
});

interface Record {
  id: string;
  time: Date;
  caller: string;
  room: string | null;
  operation: string;
  arguments: unknown;
  decision: string;
  reason: string;
}

/** The last decisions, newest first. */
export const auditList = declareOperation({
  name: "audit list",
  summary: "the last decisions: who asked for what, and what was decided",
  examples: ["audit list", "audit list --caller @anna:example.org --last 50"],
  parameters: z.object({
    last: z.int().min(1).max(1_000).default(20).meta({ description: "how many, newest first" }),
    caller: z.string().optional().meta({ description: "only what this person asked for" }),
    refused: z.boolean().default(false).meta({ description: "only what was refused" }),
  }),
  role: "admin",
  kind: "answer",
  async run(_context, { last, caller, refused }) {
    const records = await database().query<Record>(
      `select id, time, caller, room, operation, arguments, decision, reason from audit
        where ($2::text is null or caller = $2) and (not $3 or decision = 'refused')
        order by id desc limit $1`,
      [last, caller ?? null, refused],
    );
    if (records.length === 0) {
      return { messages: [{ tone: "neutral", headline: ["No such decision."] }], data: [] };
    }
    return {
      messages: [
        {
          tone: "neutral",
          headline: ["The last ", { strong: count(records.length) }, " of the audit"],
          table: {
            columns: ["#", "time (UTC)", "who", "where", "what", "decision", "because"],
            rows: records.map(row),
          },
        },
      ],
      data: records,
    };
  },
});

function row(record: Record): string[] {
  return [
    record.id,
    record.time.toISOString().slice(0, 19).replace("T", " "),
    record.caller,
    record.room ?? "",
    `${record.operation} ${JSON.stringify(record.arguments)}`.replace(/ \{\}$/, ""),
    record.decision,
    record.reason,
  ];
}

function count(records: number): string {
  return records === 1 ? "1 record" : `${records.toLocaleString("en")} records`;
}

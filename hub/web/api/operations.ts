import { z } from "zod";
import { renderText } from "../../../core/message.ts";
import type { Operation } from "../../../core/model/operation.ts";
import { ask } from "../../../core/operation/ask.ts";
import { OperatorError } from "../../../core/errors.ts";
import type { Answer } from "../../../core/operation/declare.ts";
import { callerOf, requireRole, type Viewer } from "../access.ts";
import { notFound } from "../failure.ts";
import { listOperations, operationByNumber } from "../read/operations.ts";
import type { Web } from "../web.ts";
import { PageOf, pageOf, Paging, Place } from "./page-of.ts";
import { type ApiReply, declareRoute } from "./route.ts";

export const AnswerJson = z.object({
  text: z.string().meta({ description: "the answer for people" }),
  data: z.unknown().meta({ description: "the answer for programs" }),
  failed: z.boolean().meta({ description: "true: it was done, and the verdict is no" }),
});

const ProgressJson = z.object({
  step: z.string(),
  done: z.number().optional(),
  total: z.number().optional(),
  unit: z.enum(["bytes", "packages", "steps"]).optional(),
  packages: z.number().optional(),
  parts: z
    .array(z.object({ name: z.string(), done: z.number(), total: z.number().optional() }))
    .optional()
    .meta({ description: "what is worked on at this moment" }),
  rate: z.number().optional().meta({ description: "of the unit a second, smoothed" }),
  packagesRate: z.number().optional(),
  secondsLeft: z.number().optional(),
});

export const OperationJson = z.object({
  id: z.string(),
  number: z.string(),
  name: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  dryRun: z.boolean(),
  caller: z.string(),
  origin: z.string(),
  state: z.enum(["queued", "running", "done", "failed", "cancelled"]),
  progress: ProgressJson.nullable(),
  answer: AnswerJson.nullable(),
  error: z
    .object({ code: z.string(), message: z.string(), hint: z.string().optional() })
    .nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
});

/** The one answer of all operations: the answer itself, or the work that was queued. */
export const PerformReplies = { 200: AnswerJson, 202: z.object({ operation: OperationJson }) };

export const listOperationsRoute = declareRoute({
  path: "/operations",
  method: "get",
  summary: "What was asked for, newest first",
  query: Paging,
  replies: { 200: PageOf(OperationJson) },
  async answer(_web, { query }) {
    const rows = await listOperations(query.before, query.limit + 1);
    return { body: pageOf(rows, query.limit, operationJson, (operation) => operation.number) };
  },
});

const ByNumber = z.object({ number: Place });

export const readOperationRoute = declareRoute({
  path: "/operations/{number}",
  method: "get",
  summary: "One operation: its progress, then its answer",
  parameters: ByNumber,
  replies: { 200: OperationJson },
  async answer(_web, { path }) {
    const operation = await operationByNumber(path.number);
    if (operation !== undefined) return { body: operationJson(operation) };
    throw notFound(`There is no operation #${path.number}.`, "List them: /api/v1/operations");
  },
});

export const cancelOperationRoute = declareRoute({
  path: "/operations/{number}/cancel",
  method: "post",
  summary: "Stop an operation that runs or waits",
  parameters: ByNumber,
  replies: { 200: AnswerJson },
  answer: (web, { path, viewer }) => perform(web, "cancel", { number: path.number }, viewer, false),
});

/**
 * Asks for an operation: 202 and the queued work with its address, or 200 and the answer.
 *
 * @throws OperatorError as `ask` does
 */
export async function perform(
  web: Web,
  name: string,
  parameters: unknown,
  viewer: Viewer,
  dryRun: boolean,
): Promise<ApiReply> {
  const declaration = web.registry.operations.get(name);
  // Who is nobody learns that a token is missing, not which role.
  if (declaration !== undefined && viewer.role === "none") requireRole(viewer, declaration.role);
  const caller = callerOf(viewer);
  const outcome = await ask(web, {
    operation: name,
    parameters: objectOf(parameters),
    caller,
    dryRun,
  });
  if ("answer" in outcome) return { body: answerJson(outcome.answer) };
  const operation = operationJson(outcome.queued);
  const location = `/api/v1/operations/${operation.number}`;
  return { status: 202, headers: { location }, body: { operation } };
}

function objectOf(parameters: unknown): Record<string, unknown> {
  if (parameters === undefined || parameters === null) return {};
  if (typeof parameters === "object" && !Array.isArray(parameters)) {
    return parameters as Record<string, unknown>;
  }
  throw new OperatorError(
    "BAD_ARGUMENTS",
    "The body is not a JSON object.",
    'Send the parameters as an object, for instance {"package": "mini"}.',
  );
}

function answerJson(answer: Answer): z.output<typeof AnswerJson> {
  return {
    text: answer.messages.map(renderText).join("\n"),
    data: answer.data,
    failed: answer.failed ?? false,
  };
}

export function operationJson(operation: Operation): z.output<typeof OperationJson> {
  return {
    id: operation.id,
    number: operation.number,
    name: operation.name,
    parameters: operation.parameters,
    dryRun: operation.dryRun,
    caller: operation.caller,
    origin: operation.origin,
    state: operation.state,
    progress: operation.progress,
    answer: operation.answer === null ? null : answerJson(operation.answer),
    error: operation.error,
    createdAt: operation.createdAt.toISOString(),
    startedAt: operation.startedAt?.toISOString() ?? null,
    finishedAt: operation.finishedAt?.toISOString() ?? null,
  };
}

import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Settings } from "../../../core/config.ts";
import { settingPath } from "../../../core/config.ts";
import { database } from "../../../core/database/connect.ts";
import { newUuid } from "../../../core/events/uuid.ts";
import { coreModules } from "../../../core/modules/index.ts";
import type { Module } from "../../../core/modules/module.ts";
import { declareOperation } from "../../../core/operation/declare.ts";
import type { Environment } from "../../../core/operation/declare.ts";
import type { Server } from "../../../hub/web/serving.ts";
import { hubModule } from "../../../hub/module.ts";
import { createWeb, type WebOptions, type WebService } from "../../../hub/web/service.ts";
import { testDatabase, dealtWithEvents } from "../../support/database.ts";
import { testEnvironment } from "../../support/environment.ts";

/** A web server on a port and a database of its own, with all modules and one of the tests. */
export interface StartedWeb {
  service: WebService;
  server: Server;
  environment: Environment;
  token: string;
  stop(): Promise<void>;
}

/** Work that does nothing, an answer and a group of two words, to ask for over HTTP. */
const sample: Module = {
  name: "sample",
  summary: "operations for tests",
  operations: [
    declareOperation({
      name: "tidy",
      summary: "work that does nothing",
      examples: ["tidy demo"],
      parameters: z.object({
        suites: z.array(z.string()).default([]).meta({ description: "suites", positional: true }),
      }),
      role: "operator",
      kind: "work",
      run: () => Promise.resolve({ messages: [], data: null }),
    }),
    declareOperation({
      name: "echo back",
      summary: "says what it was given",
      examples: ["echo back hello"],
      parameters: z.object({ text: z.string().meta({ description: "text", positional: true }) }),
      role: "reader",
      kind: "answer",
      run: (context, { text }) =>
        Promise.resolve({
          messages: [{ tone: "good", headline: [text] }],
          data: { text, caller: context.caller.name, size: 5_000_000_000n },
        }),
    }),
  ],
};

export async function startWeb(
  options: Partial<WebOptions> & { change?: (settings: Settings) => void } = {},
): Promise<StartedWeb> {
  const { change, ...rest } = options;
  const open = await testDatabase();
  const environment = testEnvironment([...coreModules, hubModule, sample]);
  change?.(environment.settings);
  const service = createWeb({
    ...environment,
    listen: "127.0.0.1:0",
    ...rest,
  });
  await service.start().catch(async (thrown: unknown) => {
    await open.close();
    throw thrown;
  });
  const file = settingPath(environment.settings, environment.settings.config.web.token_file);
  return {
    service,
    server: service.server(),
    environment,
    token: readFileSync(file, "utf8").trim(),
    async stop() {
      await service.stop();
      await open.close();
    },
  };
}

/** Writes an event into the journal as if it had been accepted. @returns its uuid */
export async function addEvent(
  tag: string,
  data: Record<string, unknown>,
  rest: { receivedAt?: Date } = {},
): Promise<string> {
  const uuid = newUuid();
  const body = JSON.stringify({ data, tag, uuid });
  await database().query(
    `insert into event (uuid, tag, time, received_at, signer, origin, body, data)
     values ($1, $2, now(), coalesce($5, now()), 'archive', 'local', $3, $4)`,
    [uuid, tag, body, JSON.stringify(data), rest.receivedAt ?? null],
  );
  await dealtWithEvents();
  await database().query("select pg_notify('lk_event', '')");
  return uuid;
}

import { database } from "../../core/database/connect.ts";
import { type Language, LANGUAGES } from "../../core/language/language.ts";
import type { ChannelKind } from "../channels/channel.ts";
import { channelOf } from "../destination.ts";
import { type Bucket, type Budget, tokensNow } from "./bucket.ts";
import type { QuietHours } from "./hours.ts";

/** When and how much a destination wants to be told. */
export interface Preference {
  zone: string;
  quiet: QuietHours | undefined;
  digest: Digest | undefined;
  /** Undefined: every event by itself, however many. */
  budget: Budget | undefined;
  /** Undefined: that of the configuration. */
  language: Language | undefined;
}

/** Everything in one message: at times of day, or when so much has gathered; whichever is first. */
export interface Digest {
  at: readonly string[];
  after: number | undefined;
}

/** A destination while it is paced: its row is locked until the transaction ends. */
export interface Paced {
  destination: string;
  readers: "chat" | "mail";
  preference: Preference;
  /** What is left of the budget. Whoever tells something takes from it. */
  tokens: number;
}

/** Five messages in a row, then one a minute; the rest becomes a summary that is edited. */
const CHAT_BUDGET: Budget = { messages: 5, seconds: 300 };
/** Four mails, then one every quarter of an hour; the rest waits for it, and is one mail. */
const MAIL_BUDGET: Budget = { messages: 4, seconds: 3_600 };

/** The budget of those who asked for none. */
export function defaultBudget(readers: Paced["readers"]): Budget {
  return readers === "mail" ? MAIL_BUDGET : CHAT_BUDGET;
}

/** How a destination is read. */
export function readersOf(
  destination: string,
  kinds: readonly ChannelKind[],
): "chat" | "mail" | "programs" {
  const channel = channelOf(destination);
  return kinds.find(({ name }) => name === channel)?.readers ?? "programs";
}

export interface PaceRow {
  destination: string;
  zone: string | null;
  quiet_from: string | null;
  quiet_to: string | null;
  digest_at: string[] | null;
  digest_after: number | null;
  budget_messages: number | null;
  budget_seconds: number | null;
  language: string | null;
  tokens: number | null;
  tokens_at: Date | null;
}

type Asked = Omit<PaceRow, "destination" | "tokens" | "tokens_at">;

const UNSET: Asked = {
  language: null,
  zone: null,
  quiet_from: null,
  quiet_to: null,
  digest_at: null,
  digest_after: null,
  budget_messages: null,
  budget_seconds: null,
};

/**
 * Locks the rows of destinations, in one order so that two hubs do not wait for each other, and
 * reads them. Programs have none.
 */
export async function lockPaced(
  destinations: Iterable<string>,
  kinds: readonly ChannelKind[],
  now: Date,
): Promise<Map<string, Paced>> {
  const people = [...new Set(destinations)].filter((one) => readersOf(one, kinds) !== "programs");
  if (people.length === 0) return new Map();
  await database().query(
    `insert into pace (destination)
     select destination from unnest($1::text[]) as d (destination) order by destination collate "C"
     on conflict do nothing`,
    [people],
  );
  const rows = await database().query<PaceRow>(
    "select * from pace where destination = any($1) order by destination for update",
    [people],
  );
  return new Map(rows.map((row) => [row.destination, paced(row, kinds, now)]));
}

/** How a destination is told; undefined for programs. */
export async function preferenceFor(
  destination: string,
  kinds: readonly ChannelKind[],
): Promise<Preference | undefined> {
  const readers = readersOf(destination, kinds);
  if (readers === "programs") return undefined;
  const [row] = await database().query<PaceRow>("select * from pace where destination = $1", [
    destination,
  ]);
  return preferenceOf(row ?? UNSET, readers);
}

/** A row as pacing uses it. */
export function paced(row: PaceRow, kinds: readonly ChannelKind[], now: Date): Paced {
  const readers = readersOf(row.destination, kinds) === "mail" ? "mail" : "chat";
  const preference = preferenceOf(row, readers);
  const { tokens: left, tokens_at: at } = row;
  const bucket: Bucket | undefined =
    left === null || at === null ? undefined : { tokens: left, at };
  const { budget } = preference;
  const tokens = budget === undefined ? Infinity : tokensNow(bucket, budget, now);
  return { destination: row.destination, readers, preference, tokens };
}

/** What a row asks for, with the defaults of its kind. */
export function preferenceOf(row: Asked, readers: Paced["readers"]): Preference {
  const { quiet_from: from, quiet_to: to } = row;
  const hasDigest = row.digest_at !== null || row.digest_after !== null;
  return {
    zone: row.zone ?? "UTC",
    quiet: from === null || to === null ? undefined : { from, to },
    digest: hasDigest
      ? { at: row.digest_at ?? [], after: row.digest_after ?? undefined }
      : undefined,
    budget: budgetOf(row, readers),
    language: LANGUAGES.find((one) => one === row.language),
  };
}

/** The language that a destination chose, if it did. */
export async function preferredLanguage(destination: string): Promise<Language | undefined> {
  const [row] = await database().query<Pick<PaceRow, "language">>(
    "select language from pace where destination = $1",
    [destination],
  );
  return LANGUAGES.find((one) => one === row?.language);
}

function budgetOf(row: Asked, readers: Paced["readers"]): Budget | undefined {
  const { budget_messages: messages, budget_seconds: seconds } = row;
  if (messages === null) return defaultBudget(readers);
  return messages === 0
    ? undefined
    : { messages, seconds: seconds ?? defaultBudget(readers).seconds };
}

/** Writes down what is left of the budgets. */
export async function storeTokens(all: Iterable<Paced>, now: Date): Promise<void> {
  const list = [...all].filter(({ preference }) => preference.budget !== undefined);
  if (list.length === 0) return;
  await database().query(
    `update pace set tokens = left_over.tokens, tokens_at = $3
       from unnest($1::text[], $2::real[]) as left_over (destination, tokens)
      where pace.destination = left_over.destination`,
    [list.map((one) => one.destination), list.map((one) => one.tokens), now],
  );
}

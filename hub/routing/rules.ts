import type { Config } from "../../core/config.ts";
import { database } from "../../core/database/connect.ts";
import type { ChannelKind } from "../channels/channel.ts";
import { LOCAL_ROOM } from "../channels/room/room.ts";
import { canonicalDestination } from "../destination.ts";
import type { Rule } from "./router.ts";

/** Where mail goes when neither a server nor a recipient is configured: the local mailbox. */
export const LOCAL_MAILBOX = "email:everything@localhost";

/**
 * The rules that need no table: the local room, and the rooms and addresses of the configuration,
 * hear everything meant for people.
 *
 * @throws OperatorError `BAD_DESTINATION`
 */
export function configuredRules(config: Config, kinds: readonly ChannelKind[]): Rule[] {
  const { matrix, email } = config;
  const rooms = matrix.homeserver === "" ? [] : matrix.room;
  const mails = email.to.map((address) => hearsAll(`email:${address}`, "email.to", kinds));
  if (mails.length === 0 && email.smtp === "") {
    mails.push({ ...hearsAll(LOCAL_MAILBOX, "", kinds), name: "the mailbox of this machine" });
  }
  return [
    ...rooms.map((room) => hearsAll(`matrix:${room}`, "matrix.room", kinds)),
    ...mails,
    { ...hearsAll(LOCAL_ROOM, "", kinds), name: "the local room" },
  ];
}

function hearsAll(destination: string, key: string, kinds: readonly ChannelKind[]): Rule {
  return {
    name: `${key} in the configuration`,
    destination: canonicalDestination(destination, kinds),
    tags: [],
    repositories: [],
    suites: [],
    packages: [],
  };
}

interface StoredRule extends Omit<Rule, "name"> {
  id: string;
  owner: string;
}

/** The enabled rules of the table, in the order they were made. */
export async function storedRules(): Promise<Rule[]> {
  const rows = await database().query<StoredRule>(
    `select id, destination, tags, repositories, suites, packages, owner
       from route where enabled order by id`,
  );
  return rows.map(({ id, owner, ...rule }) => ({ ...rule, name: `route ${id} of ${owner}` }));
}

/** Reads the stored rules again only when one changed. */
export function cachedRules(): () => Promise<Rule[]> {
  let stamp = "";
  let rules: Rule[] = [];
  return async () => {
    // xmin changes with each write of a row, whoever commits in whichever order.
    const [row] = await database().query<{ stamp: string }>(
      "select count(*) || ' ' || coalesce(sum(xmin::text::bigint), 0) as stamp from route",
    );
    if (row !== undefined && row.stamp !== stamp) {
      rules = await storedRules();
      stamp = row.stamp;
    }
    return rules;
  };
}

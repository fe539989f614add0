import type { Config } from "../../core/config.ts";
import type { ChannelKind } from "../channels/channel.ts";
import { LOCAL_ROOM } from "../channels/room/room.ts";
import { canonicalDestination } from "../destination.ts";
import type { Coverage } from "./owners.ts";

/** A destination that hears everything meant for people, or one kind of event. */
export interface Rule {
  /** For people: "email.to in the configuration". */
  name: string;
  destination: string;
  /** Nothing but events of this tag, at once and whatever their audience. */
  only?: string;
}

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

/**
 * Whose packages are told to their maintainers. Mail that stays in the mailbox of this machine
 * harms nobody, and shows newcomers what would be sent.
 */
export function coverageOf({ email }: Config): Coverage {
  return email.maintainers === "own" && email.smtp === "" ? "all" : email.maintainers;
}

function hearsAll(destination: string, key: string, kinds: readonly ChannelKind[]): Rule {
  return {
    name: `${key} in the configuration`,
    destination: canonicalDestination(destination, kinds),
  };
}

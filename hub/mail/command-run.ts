import { plainLine } from "../../core/message.ts";
import { changedKeywords, Keyword, KEYWORDS, USUAL_KEYWORDS } from "../routing/keyword.ts";
import {
  listSubscriptions,
  setSubscriptionKeywords,
  subscribe,
  unsubscribe,
} from "../routing/subscription/store.ts";
import { changeSubscriber, subscriberOf } from "../routing/subscription/subscriber.ts";
import { describeWanted, type Subscription } from "../routing/subscription/subscription.ts";
import type { Command, KeywordWords } from "./command-words.ts";
import { endableMail, endAllMail, endReasons } from "./ending.ts";
import { welcomeMail } from "./standing.ts";
import { deliveryOfToken } from "./tokens.ts";
import type { Seals } from "./seals.ts";

/** Commands that change what an address gets: they need a signature or a confirmation. */
export function isChange(command: Command): boolean {
  switch (command.verb) {
    case "subscribe":
    case "unsubscribe":
    case "unsubscribeall":
      return true;
    case "keyword":
      return command.change !== undefined;
    default:
      return false;
  }
}

/**
 * Does what a command says, for an address that is known to want it, and joins the caller's
 * transaction.
 *
 * @returns what became of it, a few lines of plain text
 */
export async function runCommand(command: Command, address: string, seals: Seals): Promise<string> {
  const destination = `email:${address}`;
  switch (command.verb) {
    case "subscribe":
      return subscribeTo(command.package, address);
    case "unsubscribe": {
      const ended = await unsubscribe(packageOf(destination, command.package), destination);
      return ended.length > 0
        ? `You hear of ${command.package} no more.`
        : `You were not subscribed to ${command.package}. You do not hear of it as its maintainer either.`;
    }
    case "unsubscribeall":
      await endAllMail(address);
      return "You get no mail any more. To get some again: subscribe PACKAGE";
    case "which":
      return which(destination);
    case "keyword":
      return keyword(destination, command.package, command.change);
    case "end":
      return end(command.token, seals);
    case "help":
      return HELP;
    default:
      return "This is no command. To see those that are: help";
  }
}

async function subscribeTo(name: string, address: string): Promise<string> {
  const destination = `email:${address}`;
  await welcomeMail(address);
  const { isNew } = await subscribe({
    ...packageOf(destination, name),
    owner: destination,
    createdBy: destination,
  });
  return isNew ? `You hear of ${name} now.` : `You hear of ${name} already.`;
}

function packageOf(destination: string, name: string) {
  return { destination, kind: "package", value: name, condition: "" } as const;
}

async function which(destination: string): Promise<string> {
  const subscriptions = await listSubscriptions({ destination });
  const { ownPackages, ownUploads, declined } = await subscriberOf(destination);
  const lines = subscriptions.map((one) => `${wordsOf(one)}${keywordsOf(one)}`);
  if (ownPackages) lines.push("packages that you maintain");
  if (ownPackages && declined.length > 0) lines.push(`  but not ${declined.join(" ")}`);
  if (ownUploads) lines.push("what you upload");
  return lines.length === 0 ? "You hear of nothing." : ["You hear of:", ...lines].join("\n");
}

function wordsOf(subscription: Subscription): string {
  return plainLine(describeWanted(subscription));
}

function keywordsOf({ keywords }: Subscription): string {
  return keywords === null ? "" : ` [${keywords.join(" ")}]`;
}

async function keyword(
  destination: string,
  name: string | undefined,
  change: KeywordWords | undefined,
): Promise<string> {
  const wrong = change?.words.find((word) => !Keyword.safeParse(word).success);
  if (wrong !== undefined) {
    return `${wrong} is no keyword. There are: ${Object.keys(KEYWORDS).join(" ")}`;
  }
  const usual = (await subscriberOf(destination)).keywords ?? USUAL_KEYWORDS;
  if (name === undefined) {
    const keywords = changed(usual, change);
    if (change !== undefined) await changeSubscriber(destination, { keywords });
    return `Your keywords: ${keywords.join(" ")}`;
  }
  const [subscription] = await listSubscriptions(packageOf(destination, name));
  if (subscription === undefined) return `You are not subscribed to ${name}: subscribe ${name}`;
  const keywords = changed(subscription.keywords ?? usual, change);
  if (change !== undefined) await setSubscriptionKeywords(subscription.id, keywords);
  return `Your keywords of ${name}: ${keywords.join(" ")}`;
}

function changed(before: readonly Keyword[], change: KeywordWords | undefined): Keyword[] {
  if (change === undefined) return [...before];
  const keywords = change.words.map((word) => Keyword.parse(word));
  return changedKeywords(before, { sign: change.sign, keywords });
}

/** The token alone proves that its mail reached whoever sends it. */
async function end(token: string, seals: Seals): Promise<string> {
  const delivery = deliveryOfToken(token, seals);
  const mail = delivery === undefined ? undefined : await endableMail(delivery);
  if (mail === undefined) return "This link is not one of ours. To end all: unsubscribeall";
  await endReasons(mail);
  return `You get no more mail for this: ${mail.reason}`;
}

const HELP = `subscribe PACKAGE
unsubscribe PACKAGE
unsubscribeall
which
keyword [PACKAGE]
keyword [PACKAGE] + WORD, - WORD, = WORD
help
quit
A command a line. What changes something is confirmed by a reply, or signed with OpenPGP.`;

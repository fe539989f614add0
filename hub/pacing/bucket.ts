/** How many messages a destination takes: `messages` at once, and one more every so often. */
export interface Budget {
  messages: number;
  /** Seconds in which a spent budget is whole again. */
  seconds: number;
}

/** What was left of a budget at a time. */
export interface Bucket {
  tokens: number;
  at: Date;
}

/** What is left now. A clock that was set back refills nothing. */
export function tokensNow(bucket: Bucket | undefined, budget: Budget, now: Date): number {
  if (bucket === undefined) return budget.messages;
  const seconds = Math.max(0, (now.getTime() - bucket.at.getTime()) / 1_000);
  return Math.min(budget.messages, bucket.tokens + (seconds * budget.messages) / budget.seconds);
}

/** When there will be a whole token, if nothing is spent until then. */
export function nextToken(tokens: number, budget: Budget, now: Date): Date {
  const missing = Math.max(0, 1 - tokens);
  return new Date(now.getTime() + Math.ceil((missing * budget.seconds * 1_000) / budget.messages));
}

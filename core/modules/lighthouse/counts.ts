/** How much passed through Lighthouse since it started: received = stored + duplicate + refused. */
export interface LighthouseCounts {
  received: number;
  stored: number;
  duplicate: number;
  /** By the code of the reason. */
  refused: Record<string, number>;
  published: number;
  /** Events sent again to those who asked. */
  replayed: number;
}

export function newCounts(): LighthouseCounts {
  return { received: 0, stored: 0, duplicate: 0, refused: {}, published: 0, replayed: 0 };
}

export function countRefused(counts: LighthouseCounts, code: string): void {
  counts.refused[code] = (counts.refused[code] ?? 0) + 1;
}

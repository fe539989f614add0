/** The latest ids that were dealt with, so that what a homeserver serves twice is heard once. */
export interface Recent {
  has(id: string): boolean;
  add(id: string): void;
}

export function createRecent(capacity = 10_000): Recent {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add(id) {
      ids.delete(id);
      ids.add(id);
      if (ids.size <= capacity) return;
      const [oldest] = ids;
      if (oldest !== undefined) ids.delete(oldest);
    },
  };
}

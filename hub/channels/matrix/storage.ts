/** What a session remembers between runs: short texts by key. */
export interface SessionStorage {
  get(key: string): Promise<string | undefined>;
  /** Durable when it resolves. `undefined` forgets the key. */
  set(key: string, value: string | undefined): Promise<void>;
}

/** Kept for one account, so that another one never goes on from this one's place. */
export function accountStorage(storage: SessionStorage, user: string): SessionStorage {
  return {
    get: (key) => storage.get(`${user} ${key}`),
    set: (key, value) => storage.set(`${user} ${key}`, value),
  };
}

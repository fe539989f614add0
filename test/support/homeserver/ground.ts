/** An account with one device that is logged in. */
export interface Account {
  userId: string;
  token: string;
  deviceId: string;
  password: string;
}

/** A homeserver that the conformance cases run on: the double, or a real one. */
export interface Ground {
  /** Without trailing slash. */
  url: string;
  serverName: string;
  newUser(name: string, password?: string): Promise<Account>;
  /** From now on the account may send so many messages a second, after so many at once. */
  limit(account: Account, perSecond: number, burst: number): Promise<void>;
}

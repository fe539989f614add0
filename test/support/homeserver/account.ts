import type { Device, User, World } from "./world.ts";
import { identifier, Refusal, userOf, wake } from "./world.ts";

export function createUser(world: World, name: string, password: string): User {
  const id = `@${name}:${world.serverName}`;
  if (world.users.has(id)) throw new Refusal(400, "M_USER_IN_USE", "User ID already taken.");
  const user: User = {
    id,
    password,
    displayName: name,
    devices: new Map(),
    accountData: new Map(),
    filters: [],
  };
  world.users.set(id, user);
  return user;
}

/** Logs in without asking for the password; the same device id gets a new token. */
export function logIn(world: World, userId: string, deviceId?: string): Device {
  const user = userOf(world, userId);
  const id = deviceId ?? identifier(8).toUpperCase();
  const before = user.devices.get(id);
  if (before !== undefined) world.tokens.delete(before.token);
  const device: Device = {
    id,
    userId,
    token: `tok_${identifier()}`,
    transactions: before?.transactions ?? new Map(),
  };
  user.devices.set(id, device);
  world.tokens.set(device.token, device);
  return device;
}

/** @throws Refusal 403 on an unknown name or a wrong password, which look the same */
export function logInWithPassword(
  world: World,
  name: string,
  password: string,
  deviceId?: string,
): Device {
  const id = name.startsWith("@") ? name : `@${name}:${world.serverName}`;
  const user = world.users.get(id);
  if (user === undefined || user.password !== password) {
    throw new Refusal(403, "M_FORBIDDEN", "Invalid username or password");
  }
  return logIn(world, id, deviceId);
}

/** The token and its device are gone from now on; a sync that waits with it is woken. */
export function revoke(world: World, token: string): void {
  const device = world.tokens.get(token);
  if (device === undefined) return;
  world.tokens.delete(token);
  world.users.get(device.userId)?.devices.delete(device.id);
  wake(world);
}

/** @throws Refusal 401 */
export function authenticate(world: World, token: string | undefined): Device {
  if (token === undefined || token === "") {
    throw new Refusal(401, "M_MISSING_TOKEN", "Missing access token");
  }
  const device = world.tokens.get(token);
  if (device === undefined) {
    throw new Refusal(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.", {
      soft_logout: false,
    });
  }
  return device;
}

/**
 * Takes one from the user's token bucket.
 *
 * @throws Refusal 429 with `retry_after_ms` and, in whole seconds, `Retry-After`
 */
export function takeToken(world: World, userId: string): void {
  const { bucket } = userOf(world, userId);
  if (bucket === undefined) return;
  const time = Date.now();
  const refill = ((time - bucket.at) / 1000) * bucket.perSecond;
  bucket.tokens = Math.min(bucket.burst, bucket.tokens + refill);
  bucket.at = time;
  if (bucket.tokens < 1) {
    throw tooManyRequests(Math.ceil(((1 - bucket.tokens) / bucket.perSecond) * 1000));
  }
  bucket.tokens -= 1;
}

export function tooManyRequests(afterMs: number): Refusal {
  return new Refusal(
    429,
    "M_LIMIT_EXCEEDED",
    "Too Many Requests",
    { retry_after_ms: afterMs },
    { "retry-after": String(Math.ceil(afterMs / 1000)) },
  );
}

import type { FastifyInstance, FastifyRequest } from "fastify";
import { logInWithPassword, revoke } from "./account.ts";
import { asString, record } from "./content.ts";
import { setMember } from "./membership.ts";
import { membership } from "./room.ts";
import type { Authenticated } from "./server.ts";
import type { Device, World } from "./world.ts";
import { advance, Refusal, userOf } from "./world.ts";

/** Login, whoami, profile, filters and account data. */
export function accountRoutes(
  app: FastifyInstance,
  world: World,
  authenticated: Authenticated,
): void {
  app.get("/_matrix/client/versions", () => ({
    versions: ["v1.1", "v1.6", "v1.10", "v1.11", "v1.12"],
    unstable_features: {},
  }));
  app.get("/_matrix/client/v3/login", () => ({ flows: [{ type: "m.login.password" }] }));
  app.post("/_matrix/client/v3/login", (request) => {
    const body = record(request.body);
    if (body["type"] !== "m.login.password") {
      throw new Refusal(400, "M_UNKNOWN", "Unknown login type");
    }
    const name = asString(record(body["identifier"])["user"]) ?? asString(body["user"]) ?? "";
    const password = asString(body["password"]) ?? "";
    const device = logInWithPassword(world, name, password, asString(body["device_id"]));
    return {
      user_id: device.userId,
      access_token: device.token,
      device_id: device.id,
      home_server: world.serverName,
    };
  });
  app.post("/_matrix/client/v3/logout", (request) => {
    revoke(world, authenticated(request).token);
    return {};
  });
  app.get("/_matrix/client/v3/account/whoami", (request) => {
    const device = authenticated(request);
    return { user_id: device.userId, device_id: device.id, is_guest: false };
  });
  profileRoutes(app, world, authenticated);
  accountDataRoutes(app, world, authenticated);
}

function profileRoutes(app: FastifyInstance, world: World, authenticated: Authenticated): void {
  app.get("/_matrix/client/v3/profile/:user", (request) => {
    const name = userOf(world, parameter(request, "user")).displayName;
    return name === undefined ? {} : { displayname: name };
  });
  app.put("/_matrix/client/v3/profile/:user/displayname", (request) => {
    const device = authenticated(request);
    const user = own(world, device, parameter(request, "user"));
    user.displayName = asString(record(request.body)["displayname"]);
    for (const room of world.rooms.values()) {
      if (membership(room, user.id) !== "join") continue;
      setMember(world, room, user.id, user.id, { membership: "join" });
    }
    return {};
  });
}

function accountDataRoutes(app: FastifyInstance, world: World, authenticated: Authenticated): void {
  app.post("/_matrix/client/v3/user/:user/filter", (request) => {
    const { filters } = own(world, authenticated(request), parameter(request, "user"));
    filters.push(record(request.body));
    return { filter_id: String(filters.length - 1) };
  });
  app.get("/_matrix/client/v3/user/:user/filter/:filter", (request) => {
    const user = own(world, authenticated(request), parameter(request, "user"));
    const filter = user.filters[Number(parameter(request, "filter"))];
    if (filter === undefined) throw new Refusal(404, "M_NOT_FOUND", "No such filter");
    return filter;
  });
  for (const path of ["account_data/:type", "rooms/:room/account_data/:type"]) {
    const url = `/_matrix/client/v3/user/:user/${path}`;
    app.get(url, (request) => {
      const user = own(world, authenticated(request), parameter(request, "user"));
      const found = user.accountData.get(dataKey(request));
      if (found === undefined) throw new Refusal(404, "M_NOT_FOUND", "Account data not found");
      return found.content;
    });
    app.put(url, (request) => {
      const user = own(world, authenticated(request), parameter(request, "user"));
      const { room, type } = request.params as { room?: string; type: string };
      user.accountData.set(dataKey(request), {
        ...(room === undefined ? {} : { room }),
        type,
        content: record(request.body),
        position: advance(world),
      });
      return {};
    });
  }
}

function dataKey(request: FastifyRequest): string {
  const { room, type } = request.params as { room?: string; type: string };
  return room === undefined ? type : `${room} ${type}`;
}

function own(world: World, device: Device, userId: string): ReturnType<typeof userOf> {
  if (device.userId !== userId) {
    throw new Refusal(403, "M_FORBIDDEN", "Cannot act for another user");
  }
  return userOf(world, userId);
}

/** A part of the path, decoded. */
export function parameter(request: FastifyRequest, name: string): string {
  return (request.params as Record<string, string>)[name] ?? "";
}

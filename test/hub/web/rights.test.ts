import test from "ava";
import { loadRole } from "../../../bot/permissions.ts";
import { RoleGrant } from "../../../core/model/access.ts";
import { silentLog } from "../../../core/log.ts";
import { LOCAL_ROOM } from "../../../hub/channels/room/room.ts";
import { type StartedWeb, startWeb } from "./started-web.ts";

let web: StartedWeb;
test.before(async () => {
  const log = silentLog();
  web = await startWeb({
    roleOf: (name, role) => loadRole(name, LOCAL_ROOM, { localRole: role, log }),
  });
});
test.after.always(() => web.stop());

async function tidy(headers: Record<string, string> = {}) {
  const reply = await web.server.inject({
    method: "POST",
    url: "/api/v1/operations/tidy",
    headers: { "content-type": "application/json", ...headers },
    payload: "{}",
  });
  return reply.statusCode;
}

function deny(principal: string): Promise<RoleGrant> {
  return RoleGrant.create({ principal, role: "operator", denied: true, grantedBy: "test" });
}

test.serial("a denial holds for who comes from this machine, and for no token", async (t) => {
  t.is(await tidy(), 202);
  const denial = await deny("local:web");
  t.is(await tidy(), 403);
  const page = await web.server.inject("/");
  t.true(page.body.includes("You are reader here"));
  t.is(await tidy({ authorization: `Bearer ${web.token}` }), 202);
  await denial.destroy();
  t.is(await tidy(), 202);
});

test.serial("a denial holds for the token too", async (t) => {
  const denial = await deny("local:token");
  t.is(await tidy({ authorization: `Bearer ${web.token}` }), 403);
  await denial.destroy();
});

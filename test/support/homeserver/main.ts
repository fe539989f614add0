/**
 * The homeserver double by hand:
 *
 *     npx tsc && node dist/test/support/homeserver/main.js [PORT [NAME…]]
 *
 * makes an account for each name (admin and bot unless given, password "a password") and one
 * public room #lobby that all of them are in, prints all that as JSON, and serves until SIGTERM
 * or SIGINT. Any Matrix client that takes a plain http:// homeserver can talk to it.
 */
import { startHomeserver } from "./homeserver.ts";

const [port = "0", ...names] = process.argv.slice(2);
const server = await startHomeserver({ port: Number(port) });
const wanted = names.length > 0 ? names : ["admin", "bot"];
const accounts = await Promise.all(wanted.map((name) => server.newUser(name)));
const [first, ...others] = accounts;
if (first === undefined) throw new Error("at least one name is needed");
const lobby = server.createRoom(first.userId, { preset: "public_chat", room_alias_name: "lobby" });
for (const account of others) server.join(lobby, account.userId);
process.stdout.write(`${JSON.stringify({ url: server.url, lobby, accounts }, null, 2)}\n`);
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void server.stop());
}

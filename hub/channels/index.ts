import type { ChannelKind } from "./channel.ts";
import { email } from "./email/index.ts";
import { matrix } from "./matrix/index.ts";
import { room } from "./room/index.ts";
import { webhook } from "./webhook/index.ts";

/** THE list of ways to people: one line each. */
export const channelKinds: readonly ChannelKind[] = [room, email, matrix, webhook];

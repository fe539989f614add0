import { type EmbeddedOptions, type EmbeddedServer, joinEmbeddedServer } from "./server.ts";

const LOOK_MS = 500;

/**
 * As `joinEmbeddedServer`, and starts the server again should it die while we need it: the out of
 * memory killer takes PostgreSQL before us. The address stays, so connections are made anew by
 * whoever lost them. A start that fails is tried again; until then queries say what is wrong.
 */
export async function keepEmbeddedServer(
  options: EmbeddedOptions,
): Promise<Pick<EmbeddedServer, "address" | "release">> {
  let server = await joinEmbeddedServer(options);
  let joining = false;
  let released = false;

  async function look(): Promise<void> {
    if (joining || server.isThere()) return;
    joining = true;
    server.release();
    try {
      server = await joinEmbeddedServer(options);
      if (released) server.release();
    } finally {
      joining = false;
    }
  }

  const looking = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  looking.unref();
  return {
    address: server.address,
    release() {
      released = true;
      clearInterval(looking);
      if (!joining) server.release();
    },
  };
}

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A file that pages refer to, with an address that changes with its content. */
export interface Asset {
  path: string;
  type: string;
  body: Buffer;
}

const FILES = {
  style: ["style.css", "text/css; charset=utf-8"],
  client: ["client.js", "text/javascript; charset=utf-8"],
  icon: ["icon.svg", "image/svg+xml"],
} as const;

export type Assets = Record<keyof typeof FILES, Asset>;

/** Reads the files once; they lie beside this source, also when the compiled form in dist/ runs. */
export function readAssets(): Assets {
  const entries = Object.entries(FILES).map(([key, [name, type]]) => {
    const body = readFileSync(fileURLToPath(place(name)));
    const version = createHash("sha256").update(body).digest("hex").slice(0, 10);
    return [key, { path: `/assets/${version}/${name}`, type, body }];
  });
  return Object.fromEntries(entries) as Assets;
}

function place(name: string): URL {
  const beside = new URL(`./assets/${name}`, import.meta.url);
  return existsSync(beside) ? beside : new URL(`../../../hub/web/assets/${name}`, import.meta.url);
}

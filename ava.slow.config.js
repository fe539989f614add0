import { readFileSync } from "node:fs";

const { ava } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** The suite that needs programs which are not npm packages: npx ava --config ava.slow.config.js */
export default { ...ava, files: ["test/slow/**/*.test.ts"], concurrency: 1, timeout: "10m" };

/** The suite of `npm test`: offline, as an ordinary user, in a few minutes. */
export const common = {
  nodeArguments: ["--enable-source-maps"],
  typescript: {
    compile: false,
    rewritePaths: {
      "bot/": "dist/bot/",
      "core/": "dist/core/",
      "hub/": "dist/hub/",
      "test/": "dist/test/",
    },
  },
};

export default {
  ...common,
  files: ["test/**/*.test.ts", "!test/slow/**"],
  // Many tests wait for something most of their time: a third keeps two cores busy.
  concurrency: 3,
  timeout: "2m",
};

import { z } from "zod";
import { settingPath } from "../../../config.ts";
import { OperatorError } from "../../../errors.ts";
import { declareOperation } from "../../../operation/declare.ts";
import { DOWNLOADS } from "../download-cache.ts";
import { findSuite } from "../suites.ts";
import { findFiles } from "./find-files.ts";

export const contents = declareOperation({
  name: "contents",
  summary: "which package of a suite has a file, or which files a package has",
  description:
    "Fetches the Contents of the suite when they are not at hand and searches them. A path may " +
    "hold * and ?, and ** for any folders; /usr before bin, sbin and lib may be there or not.",
  examples: [
    "contents bookworm /bin/bash",
    "contents bookworm '**/libcurl.so*'",
    "contents bookworm --package hello",
  ],
  parameters: z.object({
    suite: z.string().min(1).meta({
      description: "the suite",
      positional: true,
      complete: "suite",
    }),
    paths: z.array(z.string().min(2).max(1000)).max(50).default([]).meta({
      description: "paths of files, or patterns",
      positional: true,
    }),
    package: z.string().trim().min(1).max(255).optional().meta({
      description: "all files of this package",
      complete: "package",
    }),
    limit: z.int().min(1).max(10_000).default(200).meta({
      description: "files at most",
    }),
  }),
  role: "reader",
  kind: "work",
  async run(context, { suite: name, paths, package: packageName, limit }) {
    if ((paths.length === 0) === (packageName === undefined)) {
      throw new OperatorError(
        "CONTENTS_OF_WHAT",
        "Contents are searched for paths or for a package, one of the two.",
        `For example: contents ${name} /bin/bash`,
        { exitStatus: 2 },
      );
    }
    const suite = await findSuite(name);
    const { signal, log, progress, settings } = context;
    const downloads = settingPath(settings, DOWNLOADS);
    const query = packageName === undefined ? { paths } : { package: packageName };
    const { entries, more } = await findFiles(suite, query, {
      signal,
      log,
      progress,
      downloads,
      limit,
    });
    const what = packageName ?? paths.join(", ");
    return {
      messages: [
        {
          tone: entries.length === 0 ? "attention" : "neutral",
          headline:
            entries.length === 0
              ? ["Nothing is found of ", { strong: what }, ` in ${suite.name}.`]
              : [
                  `${entries.length} ${entries.length === 1 ? "file" : "files"} of `,
                  { strong: what },
                  ` in ${suite.name}`,
                ],
          ...(entries.length === 0
            ? {}
            : {
                table: {
                  columns: ["file", "packages"],
                  rows: entries.map((one) => [`/${one.path}`, one.packages.join(" ")]),
                },
              }),
          ...(more ? { next: [`There are more: ask again with --limit ${limit * 5}.`] } : {}),
        },
      ],
      data: entries,
    };
  },
});

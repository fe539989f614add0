import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { newEvent } from "../../core/events/emit.ts";
import { wireText } from "../../core/events/envelope.ts";
import { readKeyFile } from "../../core/events/key-file.ts";
import { runProgram } from "./program.ts";

const FILES = ["hello_2.12.orig.tar.xz", "hello_2.12-1.dsc", "hello_2.12-1_amd64.deb"];

/** Signs events as an archive makes them, about 700 bytes each, one a line. */
runProgram(async ([keyFile = "", file = "", count = ""]) => {
  const key = readKeyFile(keyFile).signingKey;
  const out = createWriteStream(file);
  for (let number = 1; number <= Number(count); number += 1) {
    const data = {
      repo: "master",
      suite: "landing",
      upload_name: `hello_2.12-${number}_source`,
      is_new: false,
      files: FILES,
      changes: `hello (2.12-${number}) landing; urgency=medium\n\n  * New upstream release.\n  * Ünïcode.`,
      source_name: "hello",
      source_version: `2.12-${number}`,
      source_maintainer: "A Maintainer <maintainer@example.org>",
      uploader_email: "uploader@example.org",
    };
    const text = wireText(newEvent("_lk.archive.package-upload-accepted", data, key));
    if (!out.write(`${text}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
});

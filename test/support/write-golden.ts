import { writeFileSync } from "node:fs";
import { GOLDEN_FOLDER, goldenFiles } from "./golden.ts";

/** Writes what people read of every sample; `npm run golden`, and then read the difference. */
for (const [name, text] of goldenFiles()) writeFileSync(`${GOLDEN_FOLDER}/${name}`, text);

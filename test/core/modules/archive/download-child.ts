import { createDownloadCache } from "../../../../core/modules/archive/download-cache.ts";
import { downloadInto } from "../../../../core/modules/archive/download-http.ts";
import { createFetcher } from "../../../../core/modules/archive/fetch.ts";

/** Downloads an index until it is killed. Started by download.test.ts. */
const [mirror = "", folder = "", sha256 = "", size = ""] = process.argv.slice(2);
const wanted = { sha256, size: Number(size) };
const part = await createDownloadCache(folder).begin(wanted);
const { signal } = new AbortController();
await downloadInto(part, `${mirror}/dists/s/Packages`, wanted, {
  fetcher: createFetcher({ signal }),
  signal,
});

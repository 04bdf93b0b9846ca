import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

// Together, compressed: what a phone loads before it shows anything.
const MOST_BYTES = 250 * 1024;

/** Writes each file of the bundle compressed beside it, so that the server need not compress anything. */
export function brotli() {
  let folder = "";
  return {
    name: "brotli",
    apply: "build",
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      let all = 0;
      for (const entry of entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".br"))) {
        const file = path.join(entry.parentPath, entry.name);
        const content = await readFile(file);
        const small = brotliCompressSync(content, {
          params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
        });
        await writeFile(`${file}.br`, small);
        all += small.length;
      }
      if (all > MOST_BYTES) throw new Error(`the page is ${all} bytes compressed: at most ${MOST_BYTES} are allowed`);
      console.log(`${all} bytes compressed`);
    },
  };
}

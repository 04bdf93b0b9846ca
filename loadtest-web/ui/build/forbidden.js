// Names, bodies and error texts come from the system under test. Preact puts text into the page as text; this keeps out
// every other way, and everything that the page's policy (CSP) would refuse only in the browser.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const FORBIDDEN = [
  [/\b(inner|outer)HTML\b|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|DOMParser|createContextualFragment/, "markup from text"],
  [/\beval\s*\(|new Function\b|javascript:/, "code from text"],
  [/https?:\/\/(?!shop\.example)/, "another host"],
  [/style="/, "an inline style"],
];

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = readdirSync(path.join(root, "src"), { recursive: true }).map((name) => path.join("src", name));
let found = 0;
for (const name of [...sources, "index.html"].filter((name) => /\.(tsx?|css|html)$/.test(name))) {
  readFileSync(path.join(root, name), "utf8").split("\n").forEach((line, index) => {
    for (const [pattern, what] of FORBIDDEN) {
      if (pattern.test(line)) {
        console.error(`${name}:${index + 1}: ${what}: ${line.trim()}`);
        found += 1;
      }
    }
  });
}
process.exitCode = found > 0 ? 1 : 0;

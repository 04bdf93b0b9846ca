import { defineConfig } from "vite";
import { brotli } from "./build/brotli.js";

// Fixed names: the page is cached by ETag, and a rebuilt bundle changes no file's name in the repository.
export default defineConfig({
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: {
      output: { entryFileNames: "assets/app.js", assetFileNames: "assets/app[extname]", inlineDynamicImports: true },
    },
  },
  plugins: [brotli()],
});

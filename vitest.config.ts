import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Threads and programs that tests start strip types from the sources with WebAssembly, each anew. V8
// can crash if many threads compile WebAssembly at once. With this cache, only the first one does.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(
  new URL("./node_modules/.cache/compiled", import.meta.url),
);

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^handback$/, replacement: source("index.ts") },
      { find: /^handback\/client$/, replacement: source("client/index.ts") },
      { find: /^handback\/engine$/, replacement: source("engine.ts") },
      { find: /^handback\/http$/, replacement: source("http/index.ts") },
      { find: /^handback\/inspector$/, replacement: source("inspector/index.ts") },
      { find: /^handback\/patterns$/, replacement: source("patterns/index.ts") },
      { find: /^handback\/restate$/, replacement: source("restate/index.ts") },
      { find: /^handback\/statefun$/, replacement: source("statefun/index.ts") },
      { find: /^handback\/statefun\/kafka$/, replacement: source("statefun/kafka.ts") },
      { find: /^handback\/testing$/, replacement: source("testing/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    // They need programs that a machine may lack, and have scripts of their own.
    exclude: ["test/clusters/**", "test/browser/**"],
    setupFiles: ["test/setup.ts"],
    // Engines that are given no log report failures that tests cause on purpose.
    onConsoleLog: (text) => !text.startsWith("handback: "),
    // Processes, not threads: tests change the working directory, and spawn and kill programs.
    pool: "forks",
    maxWorkers: Math.min(4, availableParallelism()),
    // Tests wait for events, not for times. A machine that is busy is no failure.
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 60_000,
    teardownTimeout: 5_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});

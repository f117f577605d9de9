/**
 * Tests the pages of the inspector in headless Chromium, which `CHROMIUM` names or which is on the path.
 * Arguments name test files, and `-t` names tests. `--pictures folder` keeps a picture of each page,
 * light and dark, for a desk and for a phone. Ends with `N passed, N failed`, or with exit code 69 if
 * there is no Chromium on this machine.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { UNAVAILABLE } from "./build-harness.ts";
import { runVitest } from "./support/run-vitest.ts";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "chrome"];

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: { t: { type: "string", short: "t" }, pictures: { type: "string" } },
});
const chromium = findChromium();
if (chromium === undefined) {
  console.error(
    "The tests in a browser did not run: there is no Chromium, and CHROMIUM names none.",
  );
  process.exitCode = UNAVAILABLE;
} else {
  process.env["CHROMIUM"] = chromium;
  if (values.pictures !== undefined) process.env["PICTURES"] = values.pictures;
  const config = "vitest.browser.config.ts";
  await runVitest({ config, folder: "test/browser", files, name: values.t });
}

function findChromium(): string | undefined {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : undefined;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program))).find(
    (path) => existsSync(path),
  );
}

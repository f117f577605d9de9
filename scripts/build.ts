/** Compiles `src` to a fresh `dist`. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
// By its path: the command `tsc` may be that of TypeScript 6, which builds the API reference.
const tsc = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"];
process.exitCode = spawnSync(process.execPath, tsc, { stdio: "inherit" }).status ?? 1;

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { NODE_OPTIONS } from "../stores/support/node-options.ts";
import { ROOT } from "./source.ts";

/** A package as `npm publish` would upload it. */
export interface PackedPackage {
  /** Path of the tarball. */
  readonly tarball: string;
  /** Paths of the files in it. */
  readonly files: readonly string[];
}

/** Returns the path of an installed package, or of a file in it. */
export const installed = (path: string): string => join(ROOT, "node_modules", path);

/** Builds the package in `folder` and packs it there. */
export function packPackage(folder: string): PackedPackage {
  const stage = join(folder, "stage");
  mkdirSync(stage, { recursive: true });
  for (const name of ["package.json", ...manifest().files]) {
    if (name !== "dist") cpSync(join(ROOT, name), join(stage, name), { recursive: true });
  }
  runProgram(process.execPath, [...NODE_OPTIONS, "scripts/build.ts", join(stage, "dist")]);
  const packed = runProgram(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder],
    { cwd: stage },
  );
  const [report] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
  return {
    tarball: join(folder, report.filename),
    files: report.files.map((file) => file.path),
  };
}

/** Unpacks a tarball into an app's `node_modules`, beside the dependencies that are already here. */
export function installPackage(app: string, tarball: string): void {
  const target = join(app, "node_modules/handback");
  mkdirSync(target, { recursive: true });
  runProgram("tar", ["-xzf", tarball, "--strip-components=1", "-C", target]);
  for (const name of Object.keys(manifest().dependencies ?? {})) linkPackage(app, name);
  writeFileSync(join(app, "package.json"), JSON.stringify({ type: "module", private: true }));
}

/** Makes a package that is installed here one of an app's. */
export function linkPackage(app: string, name: string): void {
  const target = join(app, "node_modules", name);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(installed(name), target);
}

/** Runs a program to its end and returns its output. @throws if it fails */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd = ROOT, nodeOptions = "" }: { cwd?: string; nodeOptions?: string } = {},
): string {
  const env = {
    ...process.env,
    NODE_OPTIONS: nodeOptions,
    FORCE_COLOR: undefined,
    npm_config_loglevel: "error",
  };
  const result = spawnSync(program, args, { cwd, env, encoding: "utf8", timeout: 300_000 });
  if (result.status !== 0)
    throw new Error(
      `${program} ${args.join(" ")} ended with ${result.status}\n${result.stdout}${result.stderr}`,
    );
  return result.stdout;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
}

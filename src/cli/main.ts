#!/usr/bin/env node
import { systemClock } from "../engines/embedded/host/system-clock.ts";
import { runCommandLine } from "./command-line.ts";
import { processTerminal } from "./terminal/process-terminal.ts";

const terminal = processTerminal();
const code = await runCommandLine(process.argv.slice(2), {
  terminal,
  now: () => systemClock.now(),
});
if (code !== 0) process.exitCode = code;

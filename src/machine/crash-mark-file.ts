import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { logFacts } from "../core/errors/log-facts.ts";
import type { Log } from "../core/host/log.ts";
import type { CrashMarks } from "../core/host/crash-guard.ts";

/** Size in characters at which the file is written anew. */
const LARGE = 4_000_000;
/** Messages whose crashes are kept. */
const MOST = 10_000;

/**
 * Keeps crash marks in a file: `+key` when a message begins, `-key` when it ends, and `=key count`
 * for earlier crashes. A crash of the process loses no line. The file need not survive a power cut,
 * which is not the fault of a message.
 */
export class CrashMarkFile implements CrashMarks {
  readonly #path: string;
  readonly #log: Log;
  readonly #running = new Set<string>();
  readonly #crashes = new Map<string, number>();
  #file: number;
  #size = 0;

  /** Opens the file, and counts a crash for each message that had begun. @throws if it cannot */
  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    for (const line of readLines(path)) this.#read(line);
    for (const key of this.#running) this.#crashes.set(key, this.crashes(key) + 1);
    this.#running.clear();
    this.#file = this.#rewrite();
  }

  crashes(key: string): number {
    return this.#crashes.get(key) ?? 0;
  }

  begin(key: string): void {
    this.#running.add(key);
    this.#append(`+${key}\n`);
  }

  end(key: string): void {
    this.#crashes.delete(key);
    if (this.#running.delete(key)) this.#append(`-${key}\n`);
  }

  #read(line: string): void {
    const key = line.slice(1);
    if (line.startsWith("+")) this.#running.add(key);
    else if (line.startsWith("-")) {
      this.#running.delete(key);
      this.#crashes.delete(key);
    } else if (line.startsWith("=")) {
      const [name = "", count = ""] = key.split(" ");
      this.#crashes.set(name, Number(count));
    }
  }

  /** Writes a line. Work goes on if that fails, because a mark only helps to find a crash. */
  #append(line: string): void {
    try {
      if (this.#size > LARGE) {
        const old = this.#file;
        this.#file = this.#rewrite();
        closeSync(old);
      }
      writeSync(this.#file, line);
      this.#size += line.length;
    } catch (error) {
      this.#log.warn("a crash mark cannot be written", { ...logFacts(error) });
    }
  }

  #rewrite(): number {
    const kept = [...this.#crashes].slice(-MOST).map(([key, count]) => `=${key} ${count}\n`);
    const running = [...this.#running].map((key) => `+${key}\n`);
    const text = [...kept, ...running].join("");
    const partial = `${this.#path}-partial`;
    writeFileSync(partial, text);
    renameSync(partial, this.#path);
    const file = openSync(this.#path, "a");
    this.#size = 0;
    return file;
  }
}

/** Reads the whole lines of a file that may be absent. */
function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(0, -1);
  } catch (error) {
    if (Reflect.get(Object(error), "code") === "ENOENT") return [];
    throw error;
  }
}

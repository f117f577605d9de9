import { readProperty } from "../errors/thrown.ts";
import type { Log } from "./log.ts";

/**
 * A logger that takes the fields of a line before its message, such as pino: `warn(fields, text)`.
 * Beside these two methods, which tell it from others, it has `debug`, `info`, `warn` and `error`.
 */
export interface FieldsFirstLog {
  fatal(fields: object, message: string): void;
  child(fields: object): unknown;
}

type Writers = Readonly<Record<keyof Log, (fields: object, message: string) => void>>;

/** Tells whether a logger takes the fields of a line before its message. */
export function isFieldsFirst(log: object): log is FieldsFirstLog & Writers {
  return ["child", "fatal"].every((name) => typeof readProperty(log, name) === "function");
}

/** Returns a log that writes to a logger which takes the fields of a line before its message. */
export function messageFirst(log: Writers): Log {
  const writer =
    (level: keyof Log): Log["info"] =>
    (message, fields = {}) =>
      log[level](fields, message);
  return {
    debug: writer("debug"),
    info: writer("info"),
    warn: writer("warn"),
    error: writer("error"),
  };
}

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../core/errors/thrown.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { specOf } from "../../futures/define/spec.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import { CommandError } from "../failures/exit-codes.ts";

/** A function of a module: made by `fn` or `stateful`, or a pattern. */
export interface LoadedFunction {
  readonly face: object;
  readonly type: string;
  /** Its operations, if it has any. */
  readonly operations: readonly AnyInvokable[];
}

const EXPECTED =
  "its default export must be the list of functions: export default [checkout, cart]";

/** Loads the functions of a module. @throws if there is no such module, or it exports something else */
export async function loadFunctions(path: string): Promise<readonly LoadedFunction[]> {
  const file = resolve(path);
  if (!existsSync(file)) throw new CommandError("notFound", `there is no file ${file}`);
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new CommandError("usage", `${path} cannot be loaded: ${messageOf(error)}`);
  }
  const { default: functions } = loaded;
  if (!Array.isArray(functions) || functions.length === 0)
    throw new CommandError("usage", `${path}: ${EXPECTED}`);
  return functions.map((face: unknown, at) => {
    const spec = specOf(face);
    if (spec === undefined)
      throw new CommandError(
        "usage",
        `${path}: item ${at} is no function of handback; ${EXPECTED}`,
      );
    const operations = Object.values(face as object).filter(isInvokable);
    return { face: face as object, type: spec.type, operations };
  });
}

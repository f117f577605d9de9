import { lineAt, parseSource, type Files } from "./source.ts";

/** A TypeScript example found in a page or in a doc comment. */
export interface Example {
  /** Path of its file. */
  readonly path: string;
  /** Line, from 1, on which its code begins. */
  readonly line: number;
  readonly code: string;
  /** True if it runs; otherwise it is only type-checked. */
  readonly runs: boolean;
}

/**
 * Finds the fenced `ts` blocks of Markdown pages. `no-run` after `ts` keeps a block from running.
 */
export function markdownExamples(pages: Files): Example[] {
  return [...pages].flatMap(([path, text]) => fencedExamples(path, text, 1));
}

/** Finds the `@example` sections of doc comments: fenced, or bare code up to the next tag. */
export function commentExamples(sources: Files): Example[] {
  return [...sources].flatMap(([path, text]) =>
    parseSource(path, text).docs.flatMap((doc) => {
      const lines = doc.text.split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
      return exampleSections(lines).flatMap(({ start, body }) => {
        const line = doc.line + start;
        return body.includes("```")
          ? fencedExamples(path, body, line)
          : [{ path, line, code: body, runs: true }];
      });
    }),
  );
}

/** Describes a problem of an example that shows before compilation, or returns `undefined`. */
export function exampleFault(example: Example): string | undefined {
  const first = example.code
    .split("\n")
    .find((line) => line.trim() !== "" && !line.trim().startsWith("//"));
  const starts = first?.startsWith("import ") === true;
  const imports = /^import [^;]*?from "handback(\/[\w-]+)?";/m.test(example.code);
  return starts && imports
    ? undefined
    : `${example.path}:${example.line}: an example starts with an import from "handback"`;
}

/** Returns a unique and readable file name for an example. */
export function exampleFileName(example: Example): string {
  return `${example.path
    .toLowerCase()
    .replace(/\.ts$/, "")
    .replace(/[^a-z0-9]+/g, "-")}-${example.line}.ts`;
}

function fencedExamples(path: string, text: string, firstLine: number): Example[] {
  return [...text.matchAll(/^([ \t]*)```ts\b([^\n]*)\n(.*?)^[ \t]*```[ \t]*$/gms)].map((match) => {
    const [, indent = "", words = "", body = ""] = match;
    const code = body
      .split("\n")
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join("\n");
    return {
      path,
      line: firstLine + lineAt(text, match.index),
      code,
      runs: !words.split(/\s+/).includes("no-run"),
    };
  });
}

/** Returns the texts below each `@example`, with the offset of their first line among `lines`. */
function exampleSections(lines: readonly string[]): { start: number; body: string }[] {
  return lines.flatMap((line, index) => {
    if (!line.startsWith("@example")) return [];
    const end = lines.findIndex((other, at) => at > index && /^@[a-z]/i.test(other));
    const body = lines.slice(index + 1, end < 0 ? undefined : end);
    return [{ start: index + 1, body: `${body.join("\n").trimEnd()}\n` }];
  });
}

import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { readFiles } from "./support/source.ts";

/**
 * The clauses that made the prose a riddle: they have no noun of the field as their subject. A page
 * is allowed a few, since words such as "stands for" have their uses.
 */
const HEADLESS =
  /\b(what (is|are|was|has|have|comes|came|waits|goes)|whoever|nobody|somebody|of which|by which|which comes|that which|is told|are told|comes of|came of|stands for)\b/gi;
const OPENERS = new Set(["What", "Whether", "How", "Who", "Where", "When", "Whose", "Which"]);

const perThousand = (hits: number, words: number): number => (1_000 * hits) / Math.max(1, words);
const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;
const headlessIn = (text: string): number => text.match(HEADLESS)?.length ?? 0;

describe("the language of the house", () => {
  const sources = [...readFiles("src", ".ts").values()];
  const comments = sources.flatMap((text) => text.match(/\/\*\*[^]*?\*\/|\/\/[^\n]*/g) ?? []);
  const docComments = comments.filter((comment) => comment.startsWith("/**"));

  test("pages have a noun as the subject of nearly every sentence", () => {
    const pages = [...readFiles("docs", ".md"), ...readFiles("battery", ".md")].map(
      ([, text]) => text,
    );
    const prose = pages.map((page) => page.replaceAll(/```[^]*?```/g, ""));
    const [words, headless] = [prose.map(wordsIn), prose.map(headlessIn)].map((counts) =>
      counts.reduce((sum, count) => sum + count, 0),
    );
    expect(perThousand(headless ?? 0, words ?? 0)).toBeLessThan(2);
  });

  test("comments have a noun as the subject of nearly every sentence", () => {
    const all = comments.join("\n");
    expect(perThousand(headlessIn(all), wordsIn(all))).toBeLessThan(2);
  });

  test("doc comments open with a verb or a noun", () => {
    const openers = docComments.filter((comment) =>
      OPENERS.has(/^\/\*\*\s*\*?\s*(\w+)/.exec(comment)?.[1] ?? ""),
    );
    expect(openers.length / docComments.length).toBeLessThan(0.03);
  });

  test("finds the clauses and the openers that it counts", () => {
    expect(headlessIn("Nobody knows what is told, of which this comes.")).toBe(3);
    expect(headlessIn("The engine stores the message and replies.")).toBe(0);
  });
});

describe("the rooms of the house", () => {
  const inFolder = (folder: string): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const path of readFiles(folder, ".ts").keys())
      counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    for (const path of counts.keys()) if (path.includes("/.generated")) counts.delete(path);
    return counts;
  };

  test.each(["src", "test", "bench", "battery", "demo", "scripts"])(
    "no folder in %s has more files than one can take in",
    (folder) => {
      expect([...inFolder(folder)].filter(([, count]) => count > 16)).toEqual([]);
    },
  );

  test("no cast silences the compiler", () => {
    const silencing = /\bas (?:any|never)\b|\bas unknown as\b/;
    const found = [...readFiles("src", ".ts")].flatMap(([path, text]) => {
      const code = text.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*/g, "");
      return silencing.test(code) ? [path] : [];
    });
    expect(found).toEqual([]);
  });

  test("function names carry their object: few are shared by two files", () => {
    const owners = new Map<string, Set<string>>();
    for (const [path, text] of readFiles("src", ".ts"))
      for (const [, name = ""] of text.matchAll(/^(?:export )?(?:async )?function (\w+)/gm))
        owners.set(name, (owners.get(name) ?? new Set()).add(path));
    const shared = [...owners.values()].filter((paths) => paths.size > 1);
    expect(shared.length / owners.size).toBeLessThanOrEqual(0.03);
  });
});

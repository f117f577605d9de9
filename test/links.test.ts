import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "./support/source.ts";

/** The folders whose pages people read. */
const FOLDERS = [
  ".",
  "docs",
  "docs/decisions",
  "docs/patterns",
  "examples",
  "battery",
  "battery/disk",
];

/** Pages that list the other pages of their folder. */
const INDEXES = ["docs/README.md", "docs/decisions/README.md"];

const pages = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder)).flatMap((name) =>
    name.endsWith(".md") ? [join(folder, name)] : [],
  ),
);
const read = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** What a page links to within the repository: paths from its root, each with the heading that is meant, if any. */
function linksOf(
  page: string,
): readonly { readonly path: string; readonly heading: string | undefined }[] {
  const prose = read(page).replace(/```[\s\S]*?```/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = "", heading] = link.split("#");
    return [
      { path: path === "" ? page : relative(ROOT, join(ROOT, dirname(page), path)), heading },
    ];
  });
}

/** The names by which a page's headings are linked to. */
function headingsOf(page: string): readonly string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("pages", () => {
  test.each(pages)("have only links to existing targets: %s", (page) => {
    const broken = linksOf(page).filter(
      ({ path, heading }) =>
        !existsSync(join(ROOT, path)) ||
        (heading !== undefined && !headingsOf(path).includes(heading)),
    );
    expect(broken).toEqual([]);
  });

  test("are all listed in an index of docs", () => {
    const listed = new Set(INDEXES.flatMap((index) => linksOf(index)).map(({ path }) => path));
    const missing = pages.filter(
      (page) => page.startsWith("docs/") && page !== "docs/README.md" && !listed.has(page),
    );
    expect(missing).toEqual([]);
  });
});

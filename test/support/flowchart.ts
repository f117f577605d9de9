/** A Mermaid flowchart, limited to the features that this library uses. Labels are decoded. */
export interface ReadFlowchart {
  readonly direction: string;
  readonly nodes: ReadonlyMap<string, string>;
  readonly arrows: readonly {
    readonly from: string;
    readonly to: string;
    readonly label?: string;
    readonly dotted: boolean;
  }[];
  /** Titles of the boxes around each node, from the outside inward. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

/** Characters with a meaning in Mermaid, or in the Markdown of its labels, must be numbers. */
const LABEL = String.raw`"((?:[\p{L}\p{M}\p{N} /.,:()=?…-]|#\d+;)+)"`;
const FORMS = [
  [String.raw`\[`, String.raw`\]`],
  [String.raw`\(`, String.raw`\)`],
  [String.raw`\(\[`, String.raw`\]\)`],
  [String.raw`\{\{`, String.raw`\}\}`],
  [String.raw`\{`, String.raw`\}`],
  [String.raw`\[\(`, String.raw`\)\]`],
  [">", String.raw`\]`],
].map(([before, after]) => new RegExp(`^(n\\d+)${before}${LABEL}${after}$`, "u"));
const GROUP = new RegExp(`^subgraph (n\\d+)\\[${LABEL}\\]$`, "u");
const ARROW = new RegExp(`^(n\\d+) (-->|-\\.->)(?:\\|${LABEL}\\|)? (n\\d+)$`, "u");

/** Words with a meaning in Mermaid even within quotes: another direction, and a picture. */
const SPECIAL = /direction\s+(?:TB|BT|RL|LR|TD)|:fa-/;

/**
 * Reads a flowchart, stricter than Mermaid does: one statement a line, quoted labels, node ids
 * defined once and before their use, closed boxes, and nothing else. Mermaid's own parser needs a
 * DOM, which Node does not have.
 *
 * @throws Error that names the wrong line and the problem
 */
export function readFlowchart(text: string): ReadFlowchart {
  const lines = text.split("\n").map((line) => line.trim());
  const direction = /^flowchart (LR|TD)$/.exec(lines[0] ?? "")?.[1];
  if (direction === undefined || lines.pop() !== "")
    throw new Error("expected a first line such as flowchart LR, and a line break at the end");
  const ids = new Set<string>();
  const nodes = new Map<string, string>();
  const groups = new Map<string, readonly string[]>();
  const arrows: ReadFlowchart["arrows"][number][] = [];
  const open: string[] = [];
  const given = (id: string): string => {
    if (ids.has(id)) throw new Error(`${id} is given twice`);
    ids.add(id);
    return id;
  };
  const known = (id: string): string => {
    if (!nodes.has(id)) throw new Error(`${id} is used before it is given`);
    return id;
  };
  for (const line of lines.slice(1)) {
    if (SPECIAL.test(line))
      throw new Error(`expected nothing that has a meaning of its own, got ${line}`);
    const node = FORMS.map((form) => form.exec(line)).find((match) => match !== null);
    const [group, arrow] = [GROUP.exec(line), ARROW.exec(line)];
    if (node !== undefined) {
      nodes.set(given(node[1] ?? ""), decode(node[2] ?? ""));
      groups.set(node[1] ?? "", [...open]);
    } else if (group !== null) {
      given(group[1] ?? "");
      open.push(decode(group[2] ?? ""));
    } else if (arrow !== null) {
      const [, from = "", kind, label, to = ""] = arrow;
      arrows.push({
        from: known(from),
        to: known(to),
        dotted: kind !== "-->",
        ...(label !== undefined && { label: decode(label) }),
      });
    } else if (line !== "end") throw new Error(`expected a node, an arrow or a box, got ${line}`);
    else if (open.pop() === undefined) throw new Error("a box is closed that is not open");
  }
  if (open.length > 0) throw new Error(`the box ${open.at(-1)} is not closed`);
  return { direction, nodes, arrows, groups };
}

/** Decodes a label as a reader sees it. */
export function decode(label: string): string {
  return label.replaceAll(/#(\d+);/g, (_, number: string) => String.fromCodePoint(Number(number)));
}

/**
 * Finds the outputs that an example states in comments: `console.log(sum); // 3`, or `// 1, then 2`
 * for a line that runs twice. Dots replace any text.
 */
export function saidOutputs(code: string): readonly string[] {
  return [...code.matchAll(/console\.log\(.*\/\/ (.+)$/gm)].flatMap(([, said = ""]) =>
    said.split(", then "),
  );
}

/** Returns true if a line equals the stated output, ignoring quotes and spaces. */
export function isPrinted(said: string, lines: readonly string[]): boolean {
  const [first = "", ...parts] = plain(said).split(/\.\.\.|…/);
  const isSaid = (line: string): boolean => {
    if (parts.length === 0) return line === first;
    if (!line.startsWith(first)) return false;
    let from = first.length;
    for (const part of parts.slice(0, -1)) {
      const at = line.indexOf(part, from);
      if (at < 0) return false;
      from = at + part.length;
    }
    return line.slice(from).endsWith(parts.at(-1) ?? "");
  };
  return lines.map(plain).some(isSaid);
}

function plain(text: string): string {
  return text.replace(/["'`\s]/g, "");
}

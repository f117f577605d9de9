import CliTable from "cli-table3";

/** Lays out rows under a head, without colours: a result is often kept in a file. The first `left` columns are names, the rest numbers. */
export function formatTable(
  head: readonly string[],
  left: number,
  rows: readonly (readonly string[])[],
): string {
  const table = new CliTable({
    head: [...head],
    colAligns: head.map((_, column) => (column < left ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

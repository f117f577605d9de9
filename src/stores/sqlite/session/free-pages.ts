import type { CommitRouting } from "./commit-routing.ts";

/**
 * Releases free pages of the file if it has too many: a few at a time, so that commits fit in
 * between.
 */
export async function releaseFreePages(
  routing: CommitRouting,
  isUsable: () => boolean,
): Promise<void> {
  await routing.reserveThread(async (writer) => {
    while (isUsable() && (await writer.releaseFreePages()) && isUsable()) await writer.checkpoint();
  });
}

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Verdict } from "../../history/verdict.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { verify } from "../../checker/verify.ts";
import { command } from "../command.ts";
import type { PoweredDisk } from "./powered-disk.ts";
import { lookInto } from "./powered-disk.ts";

/** Enough for what a process has said to be heard. */
const HEARING_MS = 50;

/** What a power cut leaves behind. */
export interface Remains {
  /** An image of the disk. */
  readonly image: string;
  /** What was acknowledged before the cut, and all that was tried up to it. */
  readonly ledger: Ledger;
}

/** Takes what would remain if the power failed at this moment; the disk, and whoever works on it, go on. */
export async function cutPower(
  disk: PoweredDisk,
  ledger: Ledger,
  place: { readonly folder: string; readonly name: string },
): Promise<Remains> {
  const file = (ending: string): string => join(place.folder, `${place.name}.${ending}`);
  // What is acknowledged from here on may be in the copy or not.
  const mark = ledger.mark();
  await disk.copy(file("img"));
  await setTimeout(HEARING_MS);
  return { image: file("img"), ledger: ledger.cut(mark, file("jsonl")) };
}

/** Has a process recover the store of this name from what remains, and verify it. The image stays as it is. */
export async function verifyRemains({ image, ledger }: Remains, store: string): Promise<Verdict> {
  const [copy, directory] = [`${image}-copy`, `${image}-mounted`];
  await command("cp", "--sparse=always", image, copy);
  try {
    return await lookInto(copy, directory, () => verify({ path: join(directory, store), ledger }));
  } finally {
    await rm(copy);
  }
}

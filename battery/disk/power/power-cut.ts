import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Verdict } from "../../history/verdict.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { verify } from "../../checker/verify.ts";
import { command } from "../command.ts";
import type { PoweredDisk } from "./powered-disk.ts";
import { lookInto } from "./powered-disk.ts";

/** Long enough to receive all output of a process. */
const HEARING_MS = 50;

/** The remains after a power cut. */
export interface Remains {
  /** An image of the disk. */
  readonly image: string;
  /** Acknowledgements before the cut, and all attempts up to it. */
  readonly ledger: Ledger;
}

/**
 * Copies the data that would remain if the power failed at this moment. The disk and its processes
 * continue.
 */
export async function cutPower(
  disk: PoweredDisk,
  ledger: Ledger,
  place: { readonly folder: string; readonly name: string },
): Promise<Remains> {
  const file = (ending: string): string => join(place.folder, `${place.name}.${ending}`);
  // Work acknowledged from here on may or may not be in the copy.
  const mark = ledger.mark();
  await disk.copy(file("img"));
  await setTimeout(HEARING_MS);
  return { image: file("img"), ledger: ledger.cut(mark, file("jsonl")) };
}

/**
 * Lets a process recover the store of this name from the remains, and verifies it. The image does
 * not change.
 */
export async function verifyRemains({ image, ledger }: Remains, store: string): Promise<Verdict> {
  const [copy, directory] = [`${image}-copy`, `${image}-mounted`];
  await command("cp", "--sparse=always", image, copy);
  try {
    return await lookInto(copy, directory, () => verify({ path: join(directory, store), ledger }));
  } finally {
    await rm(copy);
  }
}

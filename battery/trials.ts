import { clockJumps } from "./clock/clock-jumps.ts";
import { consistency } from "./consistency/consistency.ts";
import { exactKills } from "./disk/exact-kills.ts";
import { damagedFiles } from "./disk/faults/damaged-file.ts";
import { failingDisk } from "./disk/faults/failing-disk.ts";
import { fewDescriptors } from "./disk/faults/few-descriptors.ts";
import { fullDisk } from "./disk/faults/full-disk.ts";
import { readOnlyDisk } from "./disk/faults/read-only.ts";
import { lyingDisk } from "./disk/power/lying-disk.ts";
import { powerCuts } from "./disk/power/power-cuts.ts";
import { relaxedDurability } from "./disk/power/relaxed.ts";
import { kills } from "./kills/kills.ts";
import { poisonedMessages } from "./poison/poisoned-messages.ts";
import { longWork } from "./soak/long-work.ts";
import { lockTheft } from "./theft/lock-theft.ts";
import type { Trial } from "./trial/trial.ts";

/** All trials. */
export const allTrials: readonly Trial[] = [
  kills,
  consistency,
  powerCuts,
  exactKills,
  lyingDisk,
  relaxedDurability,
  failingDisk,
  fullDisk,
  readOnlyDisk,
  fewDescriptors,
  damagedFiles,
  lockTheft,
  clockJumps,
  poisonedMessages,
  longWork,
];

/** Lays out a round in which each trial has its share of turns, spread evenly. */
export function roundOf(trials: readonly Trial[]): readonly Trial[] {
  const turns = trials.flatMap((trial) => {
    const { share = 1 } = trial;
    return Array.from({ length: share }, (_, turn) => ({ trial, at: (turn + 0.5) / share }));
  });
  return turns.sort((one, other) => one.at - other.at).map(({ trial }) => trial);
}

import type { EngineStats } from "../../core/engine/engine-stats.ts";
import type { EngineRooms } from "./engine-rooms.ts";

const NS_PER_MS = 1e6;

/** Reads the figures of an engine. It takes as long as there are addresses with messages. */
export function readStats(rooms: EngineRooms): EngineStats {
  const { store, environment, activations, runs, mailboxes, gets, slots, delayed } = rooms;
  const { waiting, oldest, parked } = mailboxes.countWaiting();
  const { clock } = environment;
  const cameNs = oldest === undefined ? undefined : rooms.arrivals.of(oldest);
  const ageNs = cameNs === undefined ? 0 : Math.max(0, clock.monotonicNs() - cameNs);
  return {
    activations: activations.count + runs.count,
    queued: waiting,
    oldestQueuedMs: ageNs / NS_PER_MS,
    slots: { all: slots.count, taken: slots.used, blocked: gets.runs },
    commits: rooms.commitMeter.read(),
    parked: parked + rooms.unregistered.size,
    deadLetters: store.lists?.countDeadLetters() ?? store.count().dead,
    timersDue: delayed.countDue(clock.now()),
    lines: rooms.workLog.counts,
  };
}

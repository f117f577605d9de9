import type { Bench } from "../measure/bench.ts";
import { throughput } from "../measure/bench.ts";
import { chain3, counterOf, fanOut, noop } from "../measure/workloads.ts";
import { blocked } from "./blocked.ts";
import { checkLoop } from "./check-loop.ts";
import { eventLoop, slowDisk } from "./event-loop.ts";
import { finished } from "./finished.ts";
import { flat } from "./flat.ts";
import { http } from "./http.ts";
import { history } from "./history.ts";
import { latency, twoCommits } from "./latency.ts";
import { list } from "./list.ts";
import { park } from "./park.ts";
import { simulation } from "./simulation.ts";
import { stream } from "./stream.ts";
import { timers, timersBurst, timersSoon } from "./timers.ts";

/** All benches, in the order in which they run. */
export const BENCHES: readonly Bench[] = [
  throughput(noop),
  throughput(counterOf(1_000)),
  throughput(counterOf(1)),
  throughput(chain3),
  fanOut(10, 32),
  fanOut(100, 32),
  fanOut(1_000, 4),
  fanOut(10_000, 2),
  twoCommits,
  latency(noop),
  latency(chain3),
  http,
  history,
  stream,
  blocked,
  checkLoop,
  simulation,
  eventLoop,
  slowDisk,
  timersSoon,
  timersBurst,
  timers,
  park,
  flat,
  finished,
  list,
];

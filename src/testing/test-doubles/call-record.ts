import { Brand } from "../../core/data/brand.ts";
import { HandbackError } from "../../core/errors/errors.ts";

/** One run of a handler, as `record` keeps it. */
export interface Call {
  /** The operation of a stateful function; `undefined` for a stateless one. */
  readonly operation: string | undefined;
  /** Id of the state. For a stateless function, the engine generates it. */
  readonly id: string;
  readonly input: unknown;
  /** The handler's `ctx.idempotencyKey`: the same for every run of one message. */
  readonly key: string;
  readonly attempt: number;
  /** Virtual time since the start of the simulation, in ms. */
  readonly at: number;
}

/** The access that test doubles have to the simulation that runs them. */
export interface SimulationAccess {
  /** Virtual time since the start of the simulation, in ms. */
  readonly at: () => number;
  /** Works for `ms` of virtual time. Never resolves if the process ends before. */
  readonly work: (ms: number) => Promise<void>;
  /** Ends the process at once. */
  readonly crash: () => void;
  /** Increments a counter and returns it, from 1. Counters outlive the processes of the run. */
  readonly count: (what: object) => number;
  readonly calls: Map<string, Call[]>;
}

const simulations = new Brand<SimulationAccess>("Simulation");

/** Connects the context of a handler to its simulation. */
export function attachSimulation(context: object, simulation: SimulationAccess): void {
  simulations.attach(context, simulation);
}

/**
 * Returns the simulation in which the handler with this context runs. @throws `UNSUPPORTED` outside
 * of a simulation
 */
export function simulationOf(context: object, leaf: string): SimulationAccess {
  const simulation = simulations.read(context);
  if (simulation === undefined)
    throw new HandbackError("UNSUPPORTED", `${leaf} works only on functions that simulate() runs`);
  return simulation;
}

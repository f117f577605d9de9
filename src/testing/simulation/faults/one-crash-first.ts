import fc from "fast-check";
import type { Schedule } from "./schedule.ts";

/**
 * Makes schedules shrink to a single crash and nothing else if that is enough: tries each possible
 * single crash, the earliest first.
 *
 * Shrinking step by step may not get there, because the other parts of a schedule change the number
 * of commits. With a repeated request, for example, the crash has to be one commit later, so
 * neither can be removed without the other.
 */
export function oneCrashFirst(schedules: fc.Arbitrary<Schedule>): fc.Arbitrary<Schedule> {
  return new OneCrashFirst(schedules);
}

/** Marks a schedule as generated, not yet shrunk. */
class Generated {
  readonly context: unknown;

  constructor(context: unknown) {
    this.context = context;
  }
}

class OneCrashFirst extends fc.Arbitrary<Schedule> {
  readonly #schedules: fc.Arbitrary<Schedule>;

  constructor(schedules: fc.Arbitrary<Schedule>) {
    super();
    this.#schedules = schedules;
  }

  override generate(random: fc.Random, biasFactor: number | undefined): fc.Value<Schedule> {
    const { value, context } = this.#schedules.generate(random, biasFactor);
    return new fc.Value(value, new Generated(context));
  }

  override canShrinkWithoutContext(value: unknown): value is Schedule {
    return this.#schedules.canShrinkWithoutContext(value);
  }

  override shrink(schedule: Schedule, context: unknown): fc.Stream<fc.Value<Schedule>> {
    if (!(context instanceof Generated)) return this.#schedules.shrink(schedule, context);
    const single = fc.stream(withOneCrash(schedule)).map((value) => new fc.Value(value, undefined));
    return single.join(this.#schedules.shrink(schedule, context.context));
  }
}

/** Schedules with one crash in the same ways, and no later than the last of them. */
function* withOneCrash({ crashes = [] }: Schedule): Generator<Schedule> {
  const last = Math.max(0, ...crashes.map(({ commit }) => commit));
  const ways = new Set(crashes.map(({ how }) => how));
  for (let commit = 1; commit <= last; commit++)
    for (const how of ways) yield { crashes: [{ commit, how }] };
}

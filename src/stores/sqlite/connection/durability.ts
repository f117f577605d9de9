/**
 * The moment at which a commit counts. `strict`: once it is on disk. `relaxed`: once the operating
 * system has it, so that the last commits survive a crash of the process but may be lost in a power
 * failure.
 */
export type Durability = "strict" | "relaxed";

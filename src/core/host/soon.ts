/** Time after the start of a handler in which a crash of the process is held against its message. */
export const SOON_MS = 5_000;

/** A handler of a Restate service, and the key of its virtual object if it has one. */
export interface Recipient {
  readonly service: string;
  readonly handler: string;
  readonly key?: string;
}

/** The names of the Restate services that an application consists of. All begin with its name. */
export interface ServiceNames {
  /** Virtual objects: the addresses that have state, or an id that several messages share. */
  readonly address: string;
  /** A service: messages whose address no other message has. */
  readonly call: string;
  /** Virtual objects: replies that a client has not fetched yet, by their keys. */
  readonly reply: string;
  /** A service: clients that wait for a reply. */
  readonly wait: string;
  /** A virtual object: the messages that failed. */
  readonly letters: string;
}

/** Returns the names of an application's services. */
export function serviceNames(application: string): ServiceNames {
  return {
    address: `${application}.address`,
    call: `${application}.call`,
    reply: `${application}.reply`,
    wait: `${application}.wait`,
    letters: `${application}.letters`,
  };
}

/** Key of the only object with the messages that failed. */
export const LETTERS_KEY = "all";

/** Time as the client sees it, so that tests can bring their own. */

export interface Clock {
  /** Milliseconds since some moment, never going back. */
  now(): number;
  /** Calls back once after `milliseconds`; returns what prevents it. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

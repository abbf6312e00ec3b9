// What lies between the socket and the loudspeaker. Counts in samples at the socket's rate, all since the queue was made:
// received, and dealt with (played, or dropped by `clear`); both only grow, as the edge wants it.

export class Queue {
  /** @param {number} ahead samples that must lie ready before silence is broken, so that the network's jitter is not heard */
  constructor(ahead) {
    this.ahead = ahead;
    this.pieces = [];
    this.offset = 0;
    this.received = 0;
    this.played = 0;
    this.flowing = false;
    this.waited = 0;
  }

  get queued() {
    return this.received - this.played;
  }

  push(piece) {
    if (!piece.length) return;
    this.pieces.push(piece);
    this.received += piece.length;
  }

  clear() {
    this.pieces = [];
    this.offset = 0;
    this.played = this.received;
    this.flowing = false;
    this.waited = 0;
  }

  /** Fills `out` with what is next; with silence, where nothing is. */
  pull(out) {
    if (!this.flowing) {
      // Less than wanted, but nothing more comes: that is all there is.
      this.waited = this.queued ? this.waited + out.length : 0;
      this.flowing = this.queued >= this.ahead || this.waited > this.ahead;
    }
    let filled = 0;
    while (this.flowing && filled < out.length && this.pieces.length) {
      const [piece] = this.pieces;
      const part = piece.subarray(this.offset, this.offset + out.length - filled);
      out.set(part, filled);
      filled += part.length;
      this.offset += part.length;
      if (this.offset === piece.length) {
        this.pieces.shift();
        this.offset = 0;
      }
    }
    this.played += filled;
    if (!this.queued) {
      this.flowing = false;
      this.waited = 0;
    }
    out.fill(0, filled);
    return filled;
  }
}

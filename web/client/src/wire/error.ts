/**
 * Reason for refusing a frame (docs/spec/posbus.md §2). A refused frame has no effect; the
 * connection goes on.
 */
export type FrameFault =
  | 'too_short'
  | 'too_long'
  | 'footer'
  | 'unknown_type'
  | 'unexpected_end'
  | 'trailing_bytes'
  | 'length'
  | 'varint'
  | 'bool'
  | 'presence'
  | 'utf8'
  | 'not_finite'
  | 'type_name'
  | 'too_deep'
  | 'too_many'
  | 'group'
  | 'id';

/**
 * Thrown by decoders for bytes that are no message, and by encoders for values that have no
 * encoding.
 */
export class FrameError extends Error {
  readonly fault: FrameFault;

  constructor(fault: FrameFault, detail: string) {
    super(detail);
    this.name = 'FrameError';
    this.fault = fault;
  }
}

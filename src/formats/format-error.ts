/** What is wrong with bytes that somebody gave us to read. */
export type FormatFault =
  /** ends before its own structure says so */
  | 'truncated'
  /** a checksum, magic number or field is wrong */
  | 'damaged'
  /** would write or point outside its own tree, or hides something */
  | 'unsafe'
  /** beyond a limit that bounds our memory and time */
  | 'too-large'
  /** legal, but nothing that kubekiln reads */
  | 'unsupported';

/** Thrown by the readers of binary formats: a property of the input, not a bug of ours. Callers turn it into a problem that names the file. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly fault: FormatFault;

  constructor(fault: FormatFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

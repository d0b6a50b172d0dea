/** A mistake on the command line: one short line and a pointer to --help, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The command whose --help would have told, e.g. `certs check-expiration`; empty before a command is known. */
  readonly command: string;
  constructor(message: string, command = '') {
    super(message);
    this.command = command;
  }
}

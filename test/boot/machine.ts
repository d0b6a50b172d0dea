import type { Output, RunOptions } from './command.ts';

/** A machine that boots systemd and cloud-init: power button, power cord, a way in, and what it says. */
export interface Machine {
  readonly name: string;
  /** Everything that was printed on its console, over all boots. */
  readonly consoleLog: string;
  readonly running: () => boolean;
  /** Switches it on. Returns at once: what it does then, it does alone. */
  start(): Promise<void>;
  /** Shuts it down in order, as its own `systemctl poweroff`. */
  stop(): Promise<void>;
  /** Pulls the cord. */
  cut(): Promise<void>;
  /** Runs a shell script as root inside, when it is on. @throws when it fails */
  sh(script: string, options?: RunOptions): Promise<string>;
  /** The same, whatever the exit code. */
  try(script: string, options?: RunOptions): Promise<Output>;
  /** A file of it, on or off; `path` without the leading slash. @throws when there is none */
  read(path: string): Promise<string>;
  /** Its journal, on or off. */
  journal(...args: string[]): Promise<string>;
  /** Cuts it and deletes its disk. */
  remove(): Promise<void>;
}

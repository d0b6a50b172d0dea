import { packageVersion } from './package-version.ts';

export const BUG_EXIT_CODE = 70;

/** What stderr shows for an exception that is no mistake of the user. */
export function bugReport(error: unknown): string {
  const trace = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  return `${trace}

This is a bug in kubekiln ${packageVersion()} (node ${process.version}, ${process.platform}), not a mistake of yours. Nothing half-written was left behind.
Please report it with the lines above and the command line; leave out secrets.yaml and whatever lies in out/.
`;
}

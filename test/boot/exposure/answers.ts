// What a port says to somebody who asks over HTTP.
import type { Output } from '../command.ts';

/** Runs curl from somewhere. */
export type Curl = (args: readonly string[]) => Promise<Output>;

/** curl(1), EXIT CODES. */
const REFUSED = 7;
const NO_ANSWER = 28;
/** Exit codes of a handshake that the server ends: it may say so only after the client's last word. */
const HANDSHAKE = [35, 55, 56];

/** URL to `200`, `401`, `refused`, `no certificate` (TLS wanted one), or `no answer` within two seconds. Servers are not authenticated. */
export async function answers(
  curl: Curl,
  urls: readonly string[],
  more: readonly string[] = [],
): Promise<Readonly<Record<string, string>>> {
  const said: Record<string, string> = {};
  for (const url of urls) {
    const options = ['--silent', '--insecure', '--globoff', '--max-time', '2', '--output', '/dev/null'];
    const { code, stdout, stderr } = await curl([...options, '--write-out', '%{http_code} %{exitcode}', ...more, url]);
    const [status = '', exit] = stdout.trim().split(' ');
    if (exit === undefined) throw new Error(`curl ${url}: exit code ${code}, ${stderr}`);
    said[url] = verdict(Number(exit), status);
  }
  return said;
}

function verdict(exit: number, status: string): string {
  if (exit === REFUSED) return 'refused';
  if (exit === NO_ANSWER) return 'no answer';
  if (HANDSHAKE.includes(exit)) return 'no certificate';
  return exit === 0 ? status : `curl's exit code ${exit}`;
}

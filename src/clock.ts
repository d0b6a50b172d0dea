// The only file that reads the clock or makes Date objects. Everywhere else time is a number of seconds since 1970, handed in as `now`.
import type { Problem } from './problem.ts';

/** Seconds since 1970. SOURCE_DATE_EPOCH replaces the clock (https://reproducible-builds.org/specs/source-date-epoch/). */
export function now(environment: NodeJS.ProcessEnv = process.env): number {
  return sourceDateEpoch(environment) ?? Math.floor(Date.now() / 1000);
}

/** What is wrong with SOURCE_DATE_EPOCH: the specification asks that a malformed value stops the program. */
export function clockProblems(environment: NodeJS.ProcessEnv = process.env): Problem[] {
  const value = environment.SOURCE_DATE_EPOCH;
  if (value === undefined || value === '' || sourceDateEpoch(environment) !== undefined) return [];
  const message = 'the environment variable SOURCE_DATE_EPOCH is not a number of seconds since 1970';
  return [
    { severity: 'error', code: 'invalid-source-date-epoch', path: [], message, value, hint: 'unset it, or use what `date +%s` prints' },
  ];
}

function sourceDateEpoch(environment: NodeJS.ProcessEnv): number | undefined {
  const value = environment.SOURCE_DATE_EPOCH ?? '';
  return /^\d{1,11}$/.test(value) ? Number(value) : undefined;
}

/** For libraries that want a Date. */
export function dateOf(seconds: number): Date {
  return new Date(seconds * 1000);
}

/** Seconds since 1970 as RFC 3339 in UTC: `2026-11-22T13:00:00Z`. */
export function toRfc3339(seconds: number): string {
  return dateOf(seconds).toISOString().replace('.000Z', 'Z');
}

/** The reverse of `toRfc3339`; undefined for anything else (other zones and fractions included). */
export function fromRfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  // V8 takes 2026-02-31 for 3 March.
  return Number.isNaN(milliseconds) || toRfc3339(milliseconds / 1000) !== text ? undefined : milliseconds / 1000;
}

/** OpenSSL's form of a certificate's dates, as node:crypto hands them out (`Nov 22 13:00:00 2026 GMT`). @throws RangeError for another form. */
export function fromOpensslDate(text: string): number {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new RangeError('not a date in the form of OpenSSL');
  return milliseconds / 1000;
}

/** The day in UTC, for messages: `2026-11-22`. */
export function toDay(seconds: number): string {
  return toRfc3339(seconds).slice(0, 10);
}

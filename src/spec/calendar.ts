// Times by which a timer of systemd fires, systemd.time(7), "CALENDAR EVENTS": the part of them that schedules are written in. No years, no
// time zones, no month from its end.
import type { Finding } from './text-format.ts';

const WORDS = 'hourly|daily|weekly|monthly|quarterly|yearly';
const WEEK = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const DAY = `(${WEEK.join('|')})`;
const DAYS = `${DAY}(\\.\\.${DAY})?(,${DAY}(\\.\\.${DAY})?)*`;
const NUMBERS = '(\\*|\\d{1,2}(\\.\\.\\d{1,2})?(/\\d{1,2})?(,\\d{1,2}(\\.\\.\\d{1,2})?(/\\d{1,2})?)*)';

export const CALENDAR = new RegExp(`^(${WORDS}|(${DAYS} )?(\\*-${NUMBERS}-${NUMBERS} )?${NUMBERS}:${NUMBERS}(:${NUMBERS})?)$`);

/** Least and most of each number: month, day, hour, minute, second. */
const BOUNDS = { month: [1, 12], day: [1, 31], hour: [0, 23], minute: [0, 59], second: [0, 59] } as const;

/** Numbers that no clock shows. */
export function calendarFinding(text: string): Finding | undefined {
  const [time = '', date = ''] = text.split(' ').reverse();
  const [, month = '*', day = '*'] = date.startsWith('*-') ? date.split('-') : [];
  for (const range of text.match(/[A-Z][a-z]{2}\.\.[A-Z][a-z]{2}/g) ?? []) {
    const [first = '', last = ''] = range.split('..');
    if (WEEK.indexOf(first) > WEEK.indexOf(last)) return { message: `has no such days: ${range} (a week begins on Monday)` };
  }
  const [hour = '*', minute = '*', second = '*'] = time.includes(':') ? time.split(':') : [];
  const fields = { month, day, hour, minute, second };
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    for (const part of fields[name as keyof typeof BOUNDS].split(',')) {
      const [range = '', step] = part.split('/');
      const [first, last = first] = range.split('..').map(Number);
      if (range === '*' || first === undefined || last === undefined) continue;
      if (first < least || last > most || first > last) return { message: `has no such ${name}: ${part}` };
      if (step === undefined) continue;
      // systemd refuses a repetition that never comes, but takes one past the end of a range
      const never = !range.includes('..') && Number(step) > most - first;
      if (Number(step) < 1 || never) return { message: `repeats every ${step} ${name}s` };
    }
  }
  return undefined;
}

/** What somebody meant who wrote a line for cron, or an interval. */
export function calendarHint(text: string): string | undefined {
  const [, minute, every] = /^(\d{1,2}) \*\/(\d{1,2}) \* \* \*$/.exec(text) ?? [];
  if (minute !== undefined) return `that is cron's form; systemd writes *-*-* 00/${every}:${minute.padStart(2, '0')}`;
  const hours = /^(\d{1,2})h$/.exec(text)?.[1];
  if (hours !== undefined) return `every ${hours} hours is *-*-* 00/${hours}:00`;
  return /^(\S+ ){4}\S+$|^@/.test(text) ? "that is cron's form; systemd.time(7) has systemd's" : undefined;
}

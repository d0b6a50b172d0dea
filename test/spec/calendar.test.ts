// Schedules: whatever the format takes, systemd takes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CALENDAR } from '../../src/spec/calendar.ts';
import { checkFormat, TEXT_FORMATS } from '../../src/spec/text-formats.ts';
import { missingTool } from '../missing-tool.ts';

const finding = (text: string) => checkFormat('calendar', text);

function systemdTakes(text: string): boolean {
  return spawnSync('systemd-analyze', ['calendar', '--', text]).status === 0;
}

describe('schedules', () => {
  it('are taken by systemd when they are taken here', { skip: missingTool('systemd-analyze') }, () => {
    for (const text of [...TEXT_FORMATS.calendar.examples, 'Mon..Fri,Sun *-*-1,15 *:00/15:30', '*-2/3-* 1..5/2:0', '*:*:00/10', '0..0:59'])
      assert.ok(finding(text) === undefined && systemdTakes(text), text);
    fc.assert(
      fc.property(
        fc.stringMatching(CALENDAR).filter(text => finding(text) === undefined),
        systemdTakes,
      ),
      { numRuns: 60 },
    );
  });

  it('have numbers that a clock shows', () => {
    for (const text of ['24:00', '*:60', '*:0:60', '*-13-1 0:00', '*-*-32 0:00', '5..3:00', '*:00/0', '*-0-1 0:00', 'Wed..Tue 0:00'])
      assert.ok(finding(text)?.message.startsWith('has no such') || finding(text)?.message.startsWith('repeats every'), text);
    for (const text of ['', '6h', 'every day', '0 3 * * *', '2026-01-01 00:00', '00:00 UTC', '*/6:00', 'Mon', '12:00 '])
      assert.ok(finding(text), text);
  });

  it('in the form of cron, or as an interval, are shown in the form of systemd', () => {
    assert.match(finding('0 */6 * * *')?.hint ?? '', /\*-\*-\* 00\/6:00$/);
    assert.match(finding('30 3 * * 0')?.hint ?? '', /cron/);
    assert.match(finding('12h')?.hint ?? '', /00\/12:00$/);
  });
});

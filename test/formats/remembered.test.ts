import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterProgram } from '../../src/components/library.ts';
import { remembered } from '../../src/formats/remembered.ts';
import { dumpYaml } from '../../src/formats/yaml.ts';

describe('remembered', () => {
  it('does the work once for each key, and keeps the last 256 that were wanted', () => {
    const done: number[] = [];
    const work = remembered<number>(
      input => {
        done.push(input);
        return `result ${input}`;
      },
      input => String(input),
    );
    for (let input = 0; input < 256; input++) assert.equal(work(input), `result ${input}`);
    assert.equal(work(0), 'result 0');
    assert.equal(done.length, 256);
    // one too many: 1 goes, since 0 was wanted after it
    work(256);
    work(0);
    assert.equal(done.length, 257);
    assert.equal(work(1), 'result 1');
    assert.equal(done.length, 258);
  });

  it('a program of one cluster is not taken for that of another', () => {
    const view = { swap: 'off', firewall: 'open', pods: '10.1.0.0/16', ports: '', listeners: '', kernel: '5.13' };
    const content = (pods: string) =>
      clusterProgram('kubekiln-host', { ...view, pods, controlPlanePorts: '', controlPlaneListeners: '' }).content;
    assert.match(content('10.1.0.0/16'), /10\.1\.0\.0\/16/);
    assert.match(content('10.2.0.0/16'), /10\.2\.0\.0\/16/);
  });

  it('documents that JSON cannot tell apart are told apart', () => {
    assert.deepEqual(
      [{ a: null }, { a: Number.NaN }, { a: -0 }, { a: 0 }, { a: '0' }].map(value => dumpYaml(value)),
      ['a: null\n', 'a: .nan\n', 'a: -0.0\n', 'a: 0\n', "a: '0'\n"],
    );
  });
});

// Why the rule network-config-route is there, and that what its hint says works: asked of the cloud-init of this machine, as on a node without netplan.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { readVector, vectors } from './vectors.ts';

const skip = missingTool('cloud-init');

/** What cloud-init makes of that netplan text for systemd-networkd. */
function networkd(directory: string, netplan: string): { readonly status: number | null; readonly text: string } {
  const file = join(directory, 'network-config');
  writeFileSync(file, netplan);
  const about = ['--network-data', file, '--kind', 'yaml', '--directory', directory, '--distro', 'debian', '--output-kind', 'networkd'];
  const run = spawnSync('cloud-init', ['devel', 'net-convert', ...about, '--mac', 'eno1,02:00:00:00:00:01'], { encoding: 'utf8' });
  const path = join(directory, 'etc/systemd/network/10-cloud-init-eno1.network');
  return { status: run.status, text: run.status === 0 ? readFileSync(path, 'utf8') : run.stderr };
}

const netplan = (route: string) => `version: 2\nethernets:\n  eno1:\n    addresses: [10.0.1.11/24, "fd00::11/64"]\n    ${route}\n`;

function hintOf(file: string): string {
  const vector = vectors.find(one => one.file === file);
  const hint = vector && readVector(vector).problems.find(({ code }) => code.startsWith('network-config-'))?.hint;
  assert.ok(hint, file);
  return hint;
}

test('cloud-init stops at `to: default`', { skip }, t => {
  const { status, text } = networkd(temporaryDirectory(t), netplan('routes: [{to: default, via: 10.0.1.1}]'));
  assert.notEqual(status, 0);
  assert.match(text, /default is not a valid ip/);
});

for (const [file, routes] of [
  ['network-config-route.yaml', ['Destination=0.0.0.0/0 Gateway=10.0.1.1']],
  ['network-config-route-ipv6.yaml', ['Destination=::/1 Gateway=fd00::1', 'Destination=8000::/1 Gateway=fd00::1']],
  ['network-config-gateway.yaml', ['Destination=0.0.0.0/0 Gateway=10.0.1.1']],
] as const) {
  test(`the hint of ${file} gives the default route`, { skip }, t => {
    const { status, text } = networkd(temporaryDirectory(t), netplan(hintOf(file)));
    assert.equal(status, 0, text);
    const found = [...text.matchAll(/^(Destination=.*)\s+(Gateway=.*)$/gm)].map(([, to, via]) => `${to} ${via}`);
    assert.deepEqual(found, routes);
  });
}

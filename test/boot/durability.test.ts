// What the installer has put on the disk before it counts on it. A power cut in nspawn keeps the page cache: here the host's own sync and mv say in what
// order they were called.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { placesOf } from './boot-stages.ts';
import { buildCluster } from './built-cluster.ts';
import { member } from './control-plane.ts';
import { etcdOnly } from './daemons.ts';
import { SPEC, STATE, untilInstalled } from './guarded-host.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { runDirectory } from './run-directory.ts';
import { withControlPlane } from './with-control-plane.ts';

const LOG = 'var/log/order';
const MARK = `/${STATE}/applying`;

/** A tree with programs that write down how they were called, and whether the mark of an unfinished install was there, and do it. */
async function witnesses(): Promise<string> {
  await mkdir(runDirectory(), { recursive: true });
  const tree = await mkdtemp(join(runDirectory(), 'witnesses-'));
  await mkdir(join(tree, 'usr/local/sbin'), { recursive: true });
  for (const name of ['sync', 'mv']) {
    const path = join(tree, 'usr/local/sbin', name);
    const marked = `marked=-; [ ! -s ${MARK} ] || marked=marked`;
    await writeFile(path, `#!/bin/sh\n${marked}; echo "${name} $marked $*" >>/${LOG}; exec /usr/bin/${name} "$@"\n`);
    await chmod(path, 0o755);
  }
  return tree;
}

test('every file is on the disk before it takes its place, every place before the payload counts', { timeout: 120_000 }, async () => {
  const built = await buildCluster({ size: 1, spec: SPEC });
  const settings = { programs: await etcdOnly(), trees: [await witnesses()] };
  await withControlPlane(
    'durability',
    () => createHosts(built, 'user-data', settings),
    async plane => {
      const { host } = member(plane, 0);
      await host.start();
      await untilInstalled(plane, host);
      const calls = (await readFile(join(host.root, LOG), 'utf8')).split('\n').map(line => line.split(' '));
      /** The first call from `from` on of that program with all these words. */
      const find = (from: number, program: string, ...words: readonly string[]) => {
        const index = calls.findIndex((call, at) => at >= from && call[0] === program && words.every(word => call.slice(1).includes(word)));
        assert.notEqual(index, -1, `no ${program} ${words.join(' ')} after ${calls[from - 1]?.join(' ').slice(0, 200) ?? 'the beginning'}`);
        return index;
      };
      const plan = await readFile(join(host.root, STATE, 'current/plan'), 'utf8');
      const places = placesOf(plan, 1).final.map(path => `/${path}`);
      assert.ok(places.length > 40, `${places.length}`);
      const adopted = find(0, 'mv', 'marked', `/${STATE}/payload/1`, `/${STATE}/current`);
      for (const path of places) {
        const written = find(0, 'sync', `${path}.kubekiln-new`);
        const marked = find(written, 'sync', MARK, `/${STATE}`);
        const moved = find(marked, 'mv', 'marked', `${path}.kubekiln-new`, path);
        const settled = find(moved, 'sync', dirname(path));
        assert.ok(settled < adopted, `${dirname(path)} is synced only after the payload counts`);
      }
      assert.equal(find(adopted, 'sync', `/${STATE}`), adopted + 1, 'the adoption is synced before anything else');
    },
  );
});

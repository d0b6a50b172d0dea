// Proves the harness itself, apart from kubekiln: when this fails, look at the machine first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepLogs, member, powerOn, tearDown, untilReady } from './control-plane.ts';
import { createFloor, layOutFloor } from './floor.ts';
import { seconds } from './patience.ts';

test('hosts with hand-made units boot, stop, are cut and come back', { timeout: 300_000 }, async t => {
  const plane = await createFloor(await layOutFloor());
  try {
    const took = await untilReady(plane, await powerOn(plane));
    t.diagnostic(`power-on to /readyz on all three: ${seconds(took)}`);
    for (const { address } of plane.members) assert.equal(await plane.operator.kubectl(['get', '--raw', '/readyz'], address), 'ok');

    const [stopped, cut] = [member(plane, 0), member(plane, 1)];
    await stopped.host.stop();
    assert.equal(stopped.host.running(), false);
    assert.match(await stopped.host.journal('--lines=200'), /Reached target poweroff/);
    assert.equal(await plane.operator.ready(stopped.address), false);
    await stopped.host.start();
    await untilReady(plane, performance.now());

    await cut.host.cut();
    assert.equal(cut.host.running(), false);
    await cut.host.start();
    t.diagnostic(`power-on after a cut to ready: ${seconds(await untilReady(plane, performance.now()))}`);
    assert.match(await cut.host.sh('hostname'), /^cp-2$/m);
    assert.notEqual((await cut.host.try('date --set=@0')).code, 0, 'a host could set the clock of this machine');
  } finally {
    await keepLogs(plane, 'floor');
    await tearDown(plane);
  }
});

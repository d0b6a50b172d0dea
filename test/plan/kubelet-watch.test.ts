// kubekiln-kubelet-prepare KUBECONFIG watch: what a node that is not Ready says on its console.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { libraryProgram } from '../../src/components/library.ts';
import { NODE_ENV_FILE } from '../../src/components/locations.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const SERVER = 'https://127.0.0.1:6443';
const NODE = (status: string, message: string) =>
  `{\n  "type": "Ready",\n  "status": "${status}",\n  "reason": "x",\n  "message": "${message}"\n}\n`;

/** Lines of the watch over answers of the API server, one each time it asks: what curl prints, or undefined where it fails. */
function watched(context: TestContext, answers: readonly (string | undefined)[], restarts: number): readonly string[] {
  const root = temporaryDirectory(context);
  const put = (path: string, text: string) => {
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), 0o755);
  };
  mkdirSync(join(root, 'bin'));
  answers.forEach((answer, index) => {
    put(`answer-${index}`, answer ?? '');
  });
  put('count', '0');
  const fails = answers.flatMap((answer, index) => (answer === undefined ? [index] : [])).join('|');
  put(
    'bin/curl',
    `#!/bin/sh\nn=$(cat ${root}/count)\necho $((n + 1)) >${root}/count\ncase $n in ${fails || 'x'}) echo 'curl: (22) The requested URL returned error: 404' >&2; exit 22 ;; esac\ncat ${root}/answer-$n\n`,
  );
  put('bin/sleep', '#!/bin/sh\n');
  put('bin/systemctl', `#!/bin/sh\necho ${restarts}\n`);
  put('bin/journalctl', `#!/bin/sh\nprintf 'I1129 fine\\nE1129 "Failed to start ContainerManager" err="no room"\\nI1129 bye\\n'\n`);
  put('node.env', `KUBEKILN_NODE=cp-1\nKUBEKILN_PKI=${root}\n`);
  put('kubelet.conf', `clusters:\n- cluster:\n    server: ${SERVER}\n`);
  put('prepare', libraryProgram('kubekiln-kubelet-prepare').content.replaceAll(NODE_ENV_FILE, join(root, 'node.env')));
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}` };
  return execFileSync('sh', [join(root, 'prepare'), join(root, 'kubelet.conf'), 'watch'], { env, encoding: 'utf8', timeout: 20_000 })
    .trim()
    .split('\n')
    .map(line => line.replace('kubekiln: kubelet: ', ''));
}

describe('the watch of kubelet', () => {
  it('says what the API server says of the node, once, until it is Ready', context => {
    const waiting = NODE('False', 'cni plugin not initialized');
    assert.deepEqual(watched(context, [undefined, undefined, waiting, waiting, NODE('True', 'ok')], 0), [
      `waiting: ${SERVER}: curl: (22) The requested URL returned error: 404`,
      'waiting: cni plugin not initialized',
      'cp-1 is Ready',
    ]);
  });

  it('adds why kubelet ended, when it was started again', context => {
    assert.deepEqual(watched(context, [undefined, NODE('True', 'ok')], 3), [
      `waiting: ${SERVER}: curl: (22) The requested URL returned error: 404; E1129 "Failed to start ContainerManager" err="no room"`,
      'cp-1 is Ready',
    ]);
  });
});

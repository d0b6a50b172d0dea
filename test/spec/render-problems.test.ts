import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Problem } from '../../src/problem.ts';
import { problemsAsJson, renderProblems } from '../../src/render-problems.ts';
import { sourceFile } from '../../src/source-text.ts';
import { readCluster } from '../../src/spec/read-cluster.ts';

const text = `apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: prod}
spec:
  kubernetesVersion: v1.37.1
  networking:
    dnsDomain: cluster.local
    podSubnets: 10.244.0.0/16
  nodes:
  - {name: cp-1, role: control-plane, address: 10.0.1.11}
  - {name: cp-2, role: control-plane, address: 10.0.1.12}
  - {name: cp-3, role: control-plane, address: 10.0.1.11}
`;

function render(source: string, color = false) {
  const result = readCluster({ fileName: 'cluster.yaml', bytes: Buffer.from(source), readSibling: () => undefined });
  return renderProblems(result.problems, new Map([['cluster.yaml', result.source]]), { color });
}

const one = (problem: Partial<Problem>, file = 'a: 1\n') =>
  renderProblems(
    [{ severity: 'error', code: 'usage', path: [], message: 'x', ...problem }],
    new Map([['f.yaml', sourceFile('f.yaml', file)]]),
    { color: false },
  );

describe('renderProblems', () => {
  it('looks as the interface says', () => {
    assert.equal(
      render(text),
      `error[unknown-key]: spec.networking has no key "podSubnets"
  --> cluster.yaml:8:5
8 |     podSubnets: 10.244.0.0/16
  |     ^^^^^^^^^^ did you mean "podSubnet"?
error[duplicate-address]: 10.0.1.11 is already the address of cp-1 (cluster.yaml:10)
  --> cluster.yaml:12:46
12 |   - {name: cp-3, role: control-plane, address: 10.0.1.11}
   |                                                ^^^^^^^^^ hint: every node needs its own
`.replace('12:46', '12:48'),
    );
  });

  it('shows a problem without a place by its file, and one without a file by itself', () => {
    assert.equal(one({ file: 'f.yaml', message: 'broken', hint: 'mend it' }), 'error[usage]: broken\n  --> f.yaml\n  hint: mend it\n');
    assert.equal(
      one({ message: 'broken', hint: 'mend it', details: ['heaviest: leaf keys'] }),
      'error[usage]: broken\n  heaviest: leaf keys\n  hint: mend it\n',
    );
  });

  it('puts label and hint in two places when there are both', () => {
    assert.equal(
      one({ file: 'f.yaml', path: ['a'], label: 'here', hint: 'there' }),
      'error[usage]: x\n  --> f.yaml:1:4\n1 | a: 1\n  |    ^ here\n  hint: there\n',
    );
  });

  it('falls back to the nearest thing that exists', () => {
    assert.equal(
      one({ file: 'f.yaml', path: ['a', 'b', 0] }, 'x: 0\na: {c: 1}\n'),
      'error[usage]: x\n  --> f.yaml:2:1\n2 | a: {c: 1}\n  | ^\n',
    );
  });

  it('places carets under wide characters and tabs', () => {
    const expected = `error[usage]: x\n  --> f.yaml:1:18\n1 | 日本: {a: "😀 ", b: 1}\n  | ${' '.repeat(20)}^\n`;
    assert.equal(one({ file: 'f.yaml', path: ['日本', 'b'] }, '日本: {a: "😀\t", b: 1}\n'), expected);
  });

  it('cuts a long line around its place', () => {
    const rendered = one(
      { file: 'f.yaml', path: ['a', 60] },
      `a: [${Array.from({ length: 100 }, (_, index) => `item${index}`).join(', ')}]\n`,
    );
    const [, , excerpt = '', carets = ''] = rendered.split('\n');
    assert.ok(excerpt.length < 140);
    assert.equal(excerpt.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1), 'item60');
  });

  it('lets no control character of a file or value reach the terminal', () => {
    const rendered = one({ file: 'f.yaml', path: ['a'], message: 'saw \u001b[31mred\u202e', hint: 'h\u0007' }, 'a: "\u009b31m \u202e"\n');
    assert.doesNotMatch(rendered.replaceAll('\n', ''), /[\p{Cc}\u202e]/u);
  });

  it('never shows key material, in an excerpt either', () => {
    for (const line of [
      '- {name: key1, secret: c2VjcmV0LXZhbHVl}',
      "- {name: key1, 'secret': 'c2VjcmV0LXZhbHVl'}",
      '- name: key1\n            secret: "c2VjcmV0LXZhbHVl"',
    ]) {
      const rendered = render(
        `${text.slice(0, text.indexOf('  networking'))}  encryptionConfiguration:\n    resources:\n    - resources: [secrets]\n      providers:\n      - secretbox:\n          keys:\n          ${line}\n  nodes: []\n`,
      );
      assert.match(rendered, /error\[refused-key\]/);
      assert.doesNotMatch(rendered, /c2VjcmV0/);
    }
  });

  it('colours by severity, and only when asked', () => {
    assert.match(render(text, true), /^\u001b\[1;31merror\[unknown-key\]\u001b\[0m/);
    assert.doesNotMatch(render(text), /\u001b/);
  });
});

describe('problemsAsJson', () => {
  it('gives place, path, value, allowed and hint', () => {
    const result = readCluster({ fileName: 'cluster.yaml', bytes: Buffer.from(text), readSibling: () => undefined });
    const { kind, problems } = problemsAsJson(result.problems, new Map([['cluster.yaml', result.source]])) as {
      kind: string;
      problems: unknown[];
    };
    assert.equal(kind, 'ProblemList');
    assert.deepEqual(problems, [
      {
        severity: 'error',
        code: 'unknown-key',
        message: 'spec.networking has no key "podSubnets"',
        file: 'cluster.yaml',
        line: 8,
        column: 5,
        path: 'spec.networking.podSubnets',
        allowed: ['serviceSubnet', 'podSubnet', 'nodeCIDRMaskSizeIPv4', 'nodeCIDRMaskSizeIPv6', 'dnsDomain', 'nodePortRange'],
        label: 'did you mean "podSubnet"?',
      },
      {
        severity: 'error',
        code: 'duplicate-address',
        message: '10.0.1.11 is already the address of cp-1 (cluster.yaml:10)',
        file: 'cluster.yaml',
        line: 12,
        column: 48,
        path: 'spec.nodes[2].address',
        value: '10.0.1.11',
        hint: 'every node needs its own',
      },
    ]);
  });
});

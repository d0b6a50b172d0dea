import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { closestWord } from '../../src/closest-word.ts';
import { pathText, valueAt } from '../../src/document-path.ts';
import { dumpYaml } from '../../src/formats/yaml.ts';
import { decodeText, lineColumn } from '../../src/source-text.ts';
import { DEFAULT_AUDIT_POLICY } from '../../src/spec/default-audit-policy.ts';
import { durationText, parseDuration } from '../../src/spec/duration.ts';
import {
  deprecatesFlag,
  flagNames,
  isRepeatable,
  knowsFlag,
  minorsWithFlag,
  parseVersion,
  SUPPORTED_MINORS,
} from '../../src/spec/kubernetes-releases.ts';
import type { TextFormat } from '../../src/spec/text-format.ts';
import { checkFormat, type FormatName, TEXT_FORMATS } from '../../src/spec/text-formats.ts';

describe('durations', () => {
  it("are Go's", () => {
    assert.equal(parseDuration('8760h'), 8760 * 3600);
    assert.equal(parseDuration('1h30m5s'), 5405);
    for (const text of ['', '1d', '1.5h', '30', 'h', '5s1h', '-1h', ' 1h', '1H']) assert.equal(parseDuration(text), undefined, text);
  });

  it('are written so that they are read back', () => {
    fc.assert(fc.property(fc.nat(), seconds => assert.equal(parseDuration(durationText(seconds)), seconds)));
    assert.equal(durationText(0), '0s');
    assert.equal(durationText(Number.POSITIVE_INFINITY), 'never');
  });
});

describe('closestWord', () => {
  it('finds a misspelt word, and invents none', () => {
    const keys = ['podSubnet', 'serviceSubnet', 'dnsDomain', 'nodes', 'node'];
    assert.equal(closestWord('podSubnets', keys), 'podSubnet');
    assert.equal(closestWord('dnsdomain', keys), 'dnsDomain');
    assert.equal(closestWord('nodse', keys), 'nodes');
    assert.equal(closestWord('nodez', keys), 'nodes');
    assert.equal(closestWord('registries', keys), undefined);
    assert.equal(closestWord('x', keys), undefined);
  });
});

describe('paths into a document', () => {
  it('are written as a reader would', () => {
    assert.equal(pathText(['spec', 'nodes', 2, 'address']), 'spec.nodes[2].address');
    assert.equal(pathText(['spec', 'labels', 'a.b/c']), 'spec.labels["a.b/c"]');
  });
  it('reach only what a document holds itself', () => {
    assert.equal(valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b']), 1);
    assert.equal(valueAt({}, ['constructor']), undefined);
  });
});

describe('releases', () => {
  it('tells flags apart by release', () => {
    const at = (minor: number) => parseVersion(`v1.${minor}.0`) ?? assert.fail();
    assert.equal(knowsFlag(at(36), 'kube-controller-manager', 'concurrent-service-syncs'), true);
    assert.equal(knowsFlag(at(37), 'kube-controller-manager', 'concurrent-service-syncs'), false);
    assert.deepEqual(minorsWithFlag('kubelet', 'pod-infra-container-image'), [33, 34]);
    assert.equal(deprecatesFlag(at(37), 'kube-scheduler', 'profiling'), true);
    assert.equal(deprecatesFlag(at(37), 'kube-apiserver', 'profiling'), false);
    assert.equal(isRepeatable('kube-apiserver', 'tls-sni-cert-key'), true);
    assert.equal(isRepeatable('kube-apiserver', 'event-ttl'), false);
    assert.equal(knowsFlag(at(37), 'etcd', 'quota-backend-bytes'), true);
    assert.equal(knowsFlag(at(37), 'etcd', 'toString'), false);
    for (const minor of SUPPORTED_MINORS) assert.ok(flagNames(at(minor), 'kube-apiserver').length > 150);
  });
});

describe('decodeText', () => {
  it('keeps text before a fault, so that it has a line', () => {
    const { text, findings } = decodeText(Buffer.from('a: 1\nb: \xff\n', 'latin1'));
    assert.deepEqual(
      findings.map(({ code, offset }) => [code, lineColumn(text, offset)]),
      [['file-not-utf8', { line: 2, column: 4 }]],
    );
  });
  it('never throws', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => assert.ok(decodeText(bytes).findings.every(({ offset }) => offset >= 0))),
    ));
  it('counts columns in characters', () => assert.deepEqual(lineColumn('x\n😀😀b', 6), { line: 2, column: 3 }));
});

describe('text formats', () => {
  it('accept their own examples', () => {
    for (const [name, format] of Object.entries(TEXT_FORMATS) as [FormatName, TextFormat][])
      for (const example of format.examples) assert.equal(checkFormat(name, example), undefined, `${name} ${example}`);
  });
});

describe('the default audit policy', () => {
  interface Rule {
    readonly level: string;
    readonly verbs?: readonly string[];
    readonly users?: readonly string[];
    readonly userGroups?: readonly string[];
    readonly resources?: readonly { group: string; resources?: readonly string[] }[];
  }
  const rules: readonly Rule[] = DEFAULT_AUDIT_POLICY.rules;
  const levelOf = (group: string, resource: string) =>
    rules.find(
      rule =>
        rule.level !== 'None' &&
        (rule.resources ?? [{ group, resources: [resource] }]).some(
          given => given.group === group && (given.resources?.includes(resource) ?? true),
        ) &&
        !('verbs' in rule && rule.level === 'Metadata'),
    )?.level;

  it('never logs what is in a secret, config map or token', () => {
    for (const [group, resource] of [
      ['', 'secrets'],
      ['', 'configmaps'],
      ['', 'serviceaccounts/token'],
      ['authentication.k8s.io', 'tokenreviews'],
    ] as const)
      assert.equal(levelOf(group, resource), 'Metadata', resource);
  });

  it('logs changes of workloads with their bodies, and every way into a pod, by whichever verb (CIS 3.2.2)', () => {
    assert.equal(levelOf('', 'pods'), 'Request');
    assert.equal(levelOf('apps', 'deployments'), 'Request');
    const rule = rules.findIndex(({ resources }) => resources?.some(entry => entry.resources?.includes('pods/exec')));
    assert.equal(rules[rule]?.level, 'Metadata');
    assert.equal(rules[rule]?.verbs, undefined, 'over WebSocket, exec is a get');
    assert.ok(
      rules.slice(0, rule).every(({ userGroups, users }) => !userGroups && !users),
      'nobody is left out before it',
    );
    assert.equal(rules.at(-1)?.level, 'Metadata');
  });

  it('stays small in user-data', () => assert.ok(gzipSync(dumpYaml(DEFAULT_AUDIT_POLICY)).length < 800));
});

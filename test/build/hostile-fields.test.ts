// Every text field of cluster.yaml (the list comes from the JSON Schema) with every hostile text: it is refused at that field, or it stands on the
// node as exactly that text: no setting, flag, line, key or group beside it.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { type BuildInput, build } from '../../src/build.ts';
import { NODE_LAYOUT } from '../../src/components/locations.ts';
import { valueAt } from '../../src/document-path.ts';
import { checkArtifacts } from '../../src/emit/check-artifacts.ts';
import { emitNode } from '../../src/emit/emit-node.ts';
import { makePayload } from '../../src/emit/make-payload.ts';
import { dumpYaml, parseYaml } from '../../src/formats/yaml.ts';
import { verifyPaths } from '../../src/inspect/verify.ts';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { issueAuthority, issueLeaves } from '../../src/pki/issue.ts';
import { serializeSecrets } from '../../src/pki/secrets-file.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import type { Cluster } from '../../src/spec/cluster.ts';
import { readCluster } from '../../src/spec/read-cluster.ts';
import { resolvedClusterYaml } from '../../src/spec/resolved-yaml.ts';
import { writeArtifacts } from '../inspect/built-cluster.ts';
import { requestCredentials } from '../plan/request-credentials.ts';
import { completeDocument, setField, type TextField, textFields } from './hostile-document.ts';
import { assertNodeAsData, type UnitKeys, unitKeys } from './node-as-data.ts';
import { readUserData } from './read-user-data.ts';

const NOW = 1_800_000_000;
const HOSTILE = [
  ',',
  'a,b',
  '=',
  'a=b',
  'a\nb',
  'a\n[Service]\nUser=root',
  'a\r\nb',
  '"',
  'a"b',
  "'",
  "a' --x='b",
  '`id`',
  '{{x}}',
  '{{{x}}}',
  '${x}',
  '$x',
  '$(id)',
  '%',
  '%n',
  '100%%',
  ';',
  'a; id',
  '|',
  '&',
  '<b>',
  '\\',
  'a\\',
  '#',
  'a #b',
  ' a',
  'a ',
  'a b',
  '\t',
  '-',
  '--x=y',
  '../a',
  '/../a',
  '~',
  'null',
  'no',
  '0600',
  '1e3',
  '*',
  '*a',
  '&a',
  '!a',
  '? a',
  ': ',
  '---',
  '[a]',
  '{a}',
  '@a',
  '\0',
  'a\0b',
  '\u001b[2J',
  '\u007f',
  '\u0430dmin',
  '\uff0e',
  '\u202e',
  'a\u202eb',
  '\u2028',
  '\u200b',
  '\ufeff',
  '\u00a0',
  '\u{1f600}',
  '',
  'a'.repeat(10_000),
  '__proto__',
  'constructor',
  'system:masters',
  'CN=a',
  'a+O=b',
  'a/O=b',
  'a\\, O=b',
  'a.service',
  '--',
  'localhost',
  '127.0.0.1',
  '::1',
  '0.0.0.0/0',
  `/${'a'.repeat(10_000)}`,
  '/a'.repeat(120),
  `unix:///${'a'.repeat(10_000)}`,
  '/%n/a',
  '/a b',
  '/$(id)',
  '/a;id',
  '/a\nb',
  '/a/../b',
];

const SIBLINGS: Readonly<Record<string, string>> = {
  auditPolicyFile: 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n',
  authenticationConfigurationFile: 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n',
  admissionControlConfigFile: 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n',
  tracingConfigFile: 'apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\n',
  caFile: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  userDataParts: '#cloud-config\npackage_update: true\n',
  addons: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
  egressSelectorConfigFile: 'apiVersion: apiserver.k8s.io/v1beta1\nkind: EgressSelectorConfiguration\n',
};

interface Prepared {
  readonly bytes: Uint8Array;
  readonly readSibling: BuildInput['readSibling'];
}

/** cluster.yaml with a text in some fields, and the files that it names. */
function prepared(fields: readonly TextField[], text: string): Prepared {
  const document = completeDocument();
  const [only, ...more] = fields;
  if (only && more.length === 0) keepAround(only, document);
  for (const field of fields) setField(document, field, text);
  const { apiServer, downloads } = document.spec as { apiServer: Record<string, unknown>; downloads?: Record<string, unknown> };
  const addons = Object.fromEntries(((document.spec as { addons?: string[] }).addons ?? []).map(name => ['addons', name]));
  const parts = (document.spec as { node?: { userDataParts?: { file: string }[] } }).node?.userDataParts ?? [];
  const named: Record<string, unknown> = { ...downloads, ...addons, ...apiServer, userDataParts: parts[0]?.file };
  const files = new Map(Object.entries(SIBLINGS).map(([key, content]) => [String(named[key]), content]));
  delete apiServer[fields.some(field => field.steps.includes('auditPolicyFile')) ? 'auditPolicy' : 'auditPolicyFile'];
  return {
    bytes: Buffer.from(dumpYaml(document)),
    readSibling: path => (files.has(path) ? Buffer.from(files.get(path) ?? '') : undefined),
  };
}

/** Takes out what has nothing to do with the field: there are thousands of documents to read. */
function keepAround({ steps }: TextField, document: Record<string, unknown>): void {
  const spec = document.spec as Record<string, unknown>;
  for (const key of Object.keys(spec)) {
    if (!['kubernetesVersion', 'networking', 'apiServer', 'nodes', steps[1]].includes(key)) delete spec[key];
  }
}

function read(input: Prepared) {
  return readCluster({ fileName: 'cluster.yaml', ...input });
}

function planOf(cluster: Cluster) {
  const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
  assert.ok(plan);
  return plan;
}

/** A field that its problem may point to: the field itself, the item or mapping that holds it, or what it clashes with. */
function isAbout(field: TextField, problem: { readonly path: readonly (string | number)[] }): boolean {
  const parents = field.steps.slice(0, -1);
  return parents.every((step, index) => index >= problem.path.length || problem.path[index] === step);
}

const FIELDS = textFields(completeDocument());

describe('hostile texts', () => {
  let usual: UnitKeys;
  const accepted = new Map<string, TextField[]>();
  before(() => {
    const { cluster, problems } = read(prepared([], ''));
    assert.ok(cluster, JSON.stringify(problems));
    usual = unitKeys(planOf(cluster));
  });

  it('are tried in every text field of the schema', () => assert.ok(FIELDS.length >= 70, `${FIELDS.length}`));

  for (const field of FIELDS) {
    it(`${field.name}: are refused there, or stay data`, () => {
      for (const text of HOSTILE) {
        const what = `${field.name} = ${JSON.stringify(text.slice(0, 40))}`;
        const input = prepared([field], text);
        const { cluster, problems } = read(input);
        const errors = problems.filter(({ severity }) => severity === 'error');
        assert.equal(cluster === undefined, errors.length > 0, what);
        if (!cluster) {
          assert.ok(
            errors.some(problem => isAbout(field, problem)),
            `${what}: ${JSON.stringify(errors)}`,
          );
          continue;
        }
        assertResolved(field, text, cluster, what);
        const plan = planOf(cluster);
        assertNodeAsData(plan, cluster, usual);
        if (field.steps.includes('paths') || field.steps.includes('dataDir')) carry(plan);
        accepted.set(text, [...(accepted.get(text) ?? []), field]);
      }
    });
  }

  /** Names of files reach archives too. */
  function carry(plan: NodePlan): void {
    const payload = makePayload(plan, NODE_LAYOUT);
    checkArtifacts(payload, emitNode(payload));
  }

  /** What `validate -o yaml` prints reads as the same cluster, with the text in its place. */
  function assertResolved(field: TextField, text: string, cluster: Cluster, what: string): void {
    const resolved = resolvedClusterYaml(cluster);
    const path = field.key ? [...field.steps.slice(0, -1), text] : field.steps;
    const value = valueAt(parseYaml(resolved).value, path);
    if (!field.steps.includes('auditPolicyFile')) assert.ok(field.key ? value !== undefined : value === text, what);
    const again = readCluster({ fileName: 'cluster.yaml', bytes: Buffer.from(resolved), readSibling: prepared([field], text).readSibling });
    assert.deepEqual(again.cluster, cluster, what);
  }

  it('in the subject stay one value of one attribute', async () => {
    const validity = { notBefore: NOW, notAfter: NOW + 86_400 };
    const issuer = await issueAuthority('ca', {}, 'ECDSA-P256', validity);
    const request = { name: 'a/b', authority: 'kubernetes', commonName: 'x', organizations: [], dnsNames: [], ipAddresses: [] } as const;
    let tried = 0;
    for (const attribute of ['ST', 'L', 'O', 'OU'] as const) {
      for (const text of HOSTILE) {
        const field = FIELDS.find(({ name }) => name === `spec.subject.${attribute}`);
        const { cluster } = read(prepared(field ? [field] : [], text));
        if (!cluster) continue;
        const order = {
          request: { ...request, usages: ['serverAuth'] as const },
          issuer,
          subject: { [attribute]: text },
          algorithm: 'ECDSA-P256',
        } as const;
        const [pair] = await issueLeaves([{ ...order, ...validity }]);
        const { subject } = new X509Certificate(pair?.certificate ?? '').toLegacyObject();
        assert.deepEqual({ ...subject }, { [attribute]: text, CN: 'x' }, JSON.stringify(text));
        tried++;
      }
    }
    assert.ok(tried > 100, `${tried}`);
  });

  it('in every field that takes them at once make artifacts in which verify finds nothing', async () => {
    const { cluster: plain } = read(prepared([], ''));
    assert.ok(plain);
    const secretsFile = { name: 'secrets.yaml', text: serializeSecrets(await createSecrets(plain, NOW)) };
    const most = [...accepted].toSorted(([, a], [, b]) => b.length - a.length).slice(0, Number(process.env.KUBEKILN_RUNS ?? 12));
    assert.ok(most.length >= 12 || process.env.KUBEKILN_RUNS !== undefined);
    for (const [text, fields] of most) {
      // One field of a mapping or list at a time could be alone in taking the text: names must stay different.
      const free = fields.filter(({ steps }) => /^(value|ST|L|O|OU|search)$/.test(String(steps.at(-1))) || steps.includes('search'));
      const { bytes, readSibling } = prepared(free, text);
      const input = {
        clusterFile: { name: 'cluster.yaml', bytes },
        readSibling,
        secretsFile,
        now: NOW,
        locked: false,
        version: '0.0.0-test',
      };
      const { output, problems } = await build(input);
      assert.ok(output, `${JSON.stringify(text)} ${JSON.stringify(problems)}`);
      const { directory, remove } = writeArtifacts(output.artifacts);
      const found = verifyPaths([directory], { now: NOW });
      remove();
      assert.deepEqual(found.problems, [], JSON.stringify(text));
      const userData = output.artifacts.find(({ path }) => path === 'nodes/cp-1/user-data');
      const unit = readUserData(userData?.content ?? new Uint8Array()).get('files/etc/systemd/system/kube-apiserver.service');
      const planned = planOf(output.cluster).files.find(({ path }) => path.endsWith('/kube-apiserver.service'));
      assert.equal(unit, planned?.content);
    }
  });
});

// Admission plugins of kube-apiserver: what is on, what turns it off, and what becomes of an operator's own lists and file.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseYaml } from '../../src/formats/yaml.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { parseFixture } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const FILE = '/etc/kubernetes/admission.yaml';

/** The API server's node of a cluster with these settings of it, as JSON, and files beside cluster.yaml. */
function planOf(apiServer: object, files: Readonly<Record<string, string>> = {}): NodePlan {
  const cluster = parseFixture(
    JSON.stringify({
      apiVersion: 'kubekiln/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'dev' },
      spec: { kubernetesVersion: 'v1.37.1', apiServer, nodes: [{ name: 'cp-1', role: 'control-plane', address: '192.168.10.11' }] },
    }),
    path => (files[path] === undefined ? undefined : Buffer.from(files[path])),
  );
  const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
  assert.ok(plan);
  return plan;
}

function flag(plan: NodePlan, name: string): readonly string[] {
  const unit = plan.files.find(({ path }) => path.endsWith('/kube-apiserver.service'))?.content ?? '';
  return [...unit.matchAll(/^ {2}--(\S+?)=(.*?)(?: \\)?$/gm)].flatMap(([, found, value = '']) => (found === name ? value.split(',') : []));
}

interface Plugin {
  readonly name: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

function plugins(plan: NodePlan): readonly Plugin[] {
  const file = plan.files.find(({ path }) => path === FILE);
  return file === undefined ? [] : (parseYaml(file.content).value as { plugins: readonly Plugin[] }).plugins;
}

const extraArgs = (...args: readonly (readonly [string, string])[]) => ({ extraArgs: args.map(([name, value]) => ({ name, value })) });

const ENABLED = 'enable-admission-plugins';
const DISABLED = 'disable-admission-plugins';
const OURS = ['NodeRestriction', 'DenyServiceExternalIPs', 'EventRateLimit'];

describe('admission plugins', () => {
  it('refuse by default what is not baseline, but in kube-system', () => {
    const [podSecurity] = plugins(planOf({}));
    const { apiVersion, kind, defaults, exemptions } = podSecurity?.configuration ?? {};
    assert.deepEqual([apiVersion, kind], ['pod-security.admission.config.k8s.io/v1', 'PodSecurityConfiguration']);
    assert.deepEqual(defaults, { enforce: 'baseline', audit: 'restricted', warn: 'restricted' });
    assert.deepEqual(exemptions, { namespaces: ['kube-system'] });
  });

  it('limit events by default to what upstream takes for limits', () => {
    const rate = plugins(planOf({})).find(({ name }) => name === 'EventRateLimit')?.configuration;
    assert.deepEqual([rate?.apiVersion, rate?.kind], ['eventratelimit.admission.k8s.io/v1alpha1', 'Configuration']);
    const limits = rate?.limits as readonly { type: string; qps: number; burst: number }[];
    assert.deepEqual(
      limits.map(({ type }) => type),
      ['Server', 'Namespace', 'User', 'SourceAndObject'],
    );
    for (const { qps, burst } of limits) assert.ok(qps > 0 && burst >= qps && Number.isInteger(qps) && Number.isInteger(burst));
  });

  it('travel with the runtime part, since they are the same everywhere; an own file does not', () => {
    const part = (plan: NodePlan) => plan.files.find(({ path }) => path === FILE)?.part;
    assert.equal(part(planOf({})), 'runtime');
    const own = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n';
    assert.equal(part(planOf({ admissionControlConfigFile: 'a.yaml' }, { 'a.yaml': own })), 'config');
  });

  it('are all named on the command line, where the CIS benchmark reads them', () => {
    assert.deepEqual(flag(planOf({}), ENABLED), OURS);
    assert.deepEqual(flag(planOf({}), DISABLED), []);
  });

  const off = (name: string) => ({ admissionPlugins: { [name]: { disabled: true } } });

  it('are turned off by name', () => {
    assert.deepEqual(flag(planOf(off('DenyServiceExternalIPs')), ENABLED), ['NodeRestriction', 'EventRateLimit']);
    const withoutRate = planOf(off('EventRateLimit'));
    assert.deepEqual(flag(withoutRate, ENABLED), ['NodeRestriction', 'DenyServiceExternalIPs']);
    assert.deepEqual(
      plugins(withoutRate).map(({ name }) => name),
      ['PodSecurity'],
    );
    // kube-apiserver enables it itself.
    const withoutPodSecurity = planOf(off('PodSecurity'));
    assert.deepEqual(flag(withoutPodSecurity, DISABLED), ['PodSecurity']);
    assert.deepEqual(
      plugins(withoutPodSecurity).map(({ name }) => name),
      ['EventRateLimit'],
    );
  });

  it('leave no file behind when none of them needs one', () => {
    const plan = planOf({ admissionPlugins: { PodSecurity: { disabled: true }, EventRateLimit: { disabled: true } } });
    assert.deepEqual(plugins(plan), []);
    assert.deepEqual(flag(plan, 'admission-control-config-file'), []);
  });

  it("are turned off by kube-apiserver's own flag as well", () => {
    const plan = planOf(extraArgs([DISABLED, 'EventRateLimit,DefaultStorageClass'], [DISABLED, 'PodSecurity']));
    assert.deepEqual(flag(plan, ENABLED), ['NodeRestriction', 'DenyServiceExternalIPs']);
    assert.deepEqual(flag(plan, DISABLED), ['PodSecurity', 'EventRateLimit', 'DefaultStorageClass']);
    assert.deepEqual(plugins(plan), []);
  });

  it("stay beside an operator's own", () => {
    const plan = planOf(extraArgs([ENABLED, 'AlwaysPullImages'], ['v', '2'], [ENABLED, 'PodNodeSelector,EventRateLimit']));
    assert.deepEqual(flag(plan, ENABLED), [...OURS, 'AlwaysPullImages', 'PodNodeSelector']);
    assert.deepEqual(flag(plan, 'v'), ['2']);
  });

  const WEBHOOK = {
    name: 'ImagePolicyWebhook',
    configuration: { imagePolicy: { kubeConfigFile: '/etc/kubernetes/image-policy.conf', allowTTL: 50 } },
  };
  const OWN_LIMITS = {
    name: 'EventRateLimit',
    configuration: {
      apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
      kind: 'Configuration',
      limits: [{ type: 'Server', qps: 1, burst: 1 }],
    },
  };
  const ownFile = (...own: readonly object[]) =>
    JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins: own });

  it("are added to an operator's own file, and give way to what it configures", () => {
    const plan = planOf({ admissionControlConfigFile: 'own.yaml' }, { 'own.yaml': ownFile(WEBHOOK, OWN_LIMITS) });
    const found = plugins(plan);
    assert.deepEqual(
      found.map(({ name }) => name),
      ['ImagePolicyWebhook', 'EventRateLimit', 'PodSecurity'],
    );
    assert.deepEqual(found.slice(0, 2), [WEBHOOK, OWN_LIMITS]);
  });

  it('take exemptions as given, each once', () => {
    const namespaces = ['kube-system', 'storage', 'kube-system'];
    const plan = planOf({ admissionPlugins: { PodSecurity: { exemptions: { namespaces } } } });
    const exemptions = { namespaces: ['kube-system', 'storage'] };
    assert.deepEqual(plugins(plan)[0]?.configuration.exemptions, exemptions);
  });
});

describe('who may ask', () => {
  it('is nobody without a name, and nobody by a file of tokens: of no daemon on any node', () => {
    const plan = planOf({});
    assert.deepEqual(flag(plan, 'anonymous-auth'), ['false']);
    for (const { path, content } of plan.files) assert.doesNotMatch(content, /token-auth-file|bootstrap-token-auth=true/, path);
    const kubelet = plan.files.find(({ path }) => path === '/var/lib/kubelet/config.yaml');
    const { authentication, authorization } = parseYaml(kubelet?.content ?? '').value as {
      authentication: { anonymous: { enabled: boolean } };
      authorization: { mode: string };
    };
    assert.deepEqual([authentication.anonymous.enabled, authorization.mode], [false, 'Webhook']);
  });
});

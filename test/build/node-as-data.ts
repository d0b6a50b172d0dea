// What cluster.yaml says of a node, found again in the texts that stand on it: as exactly that, and with nothing beside it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { parseYaml } from '../../src/formats/yaml.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import type { Cluster, ComponentSettings, DaemonName } from '../../src/spec/cluster.ts';
import { assignments, commandLine, readUnit, valuesOf } from './unit-file.ts';

const UNIT = /^\/etc\/systemd\/system\/(.+\.service)$/;
const SECTIONS = ['Unit', 'Service', 'Install'];
const CHECKED_SCRIPTS = new Set<string>();

/** Settings of the same units in a cluster without anything special: what else appears was injected. */
export type UnitKeys = ReadonlyMap<string, ReadonlySet<string>>;

export function unitKeys(plan: NodePlan): UnitKeys {
  const units = plan.files.flatMap(({ path, content }) => {
    const name = UNIT.exec(path)?.[1];
    return name === undefined ? [] : [[name, new Set(readUnit(content).map(({ key }) => key))] as const];
  });
  return new Map(units);
}

/** How many kernel modules every node loads. */
const OWN_MODULES = 2;

/** What depends on where a daemon writes, and on its environment. */
const OPTIONAL = new Set(['Environment', 'ReadWritePaths', 'StateDirectory', 'StateDirectoryMode', 'LogsDirectory', 'LogsDirectoryMode']);

/** @param usual units of a plain cluster */
export function assertNodeAsData(plan: NodePlan, cluster: Cluster, usual: UnitKeys): void {
  const file = (path: string) => {
    const found = plan.files.find(one => one.path === path);
    assert.ok(found, path);
    return found.content;
  };
  for (const { path, content, mode } of plan.files) {
    const unit = UNIT.exec(path)?.[1];
    if (unit !== undefined) assertUnit(unit, content, usual);
    if (mode === 0o755) assertScript(content);
    if (/\.(yaml|conf)$/.test(path) && path.startsWith(`${cluster.paths.configuration}/`))
      assert.equal(parseYaml(content).problem, undefined, path);
  }
  assertEnvironment(file('/etc/kubekiln/node.env'), plan, cluster);
  assertSystemFiles(plan, cluster);
  if (plan.node.role !== 'control-plane') return;
  const settings: Readonly<Record<DaemonName, ComponentSettings>> = {
    etcd: cluster.etcd,
    'kube-apiserver': cluster.apiServer,
    'kube-controller-manager': cluster.controllerManager,
    'kube-scheduler': cluster.scheduler,
  };
  for (const daemon of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const)
    assertDaemon(file(`/etc/systemd/system/${daemon}.service`), daemon, settings[daemon], cluster);
  assert.deepEqual(
    (parseYaml(file(`${cluster.paths.configuration}/audit-policy.yaml`)).value as object) ?? {},
    JSON.parse(JSON.stringify(cluster.apiServer.auditPolicy)),
  );
  const encryption = parseYaml(file(`${cluster.paths.configuration}/encryption-config.yaml`)).value as {
    resources: { resources: string[] }[];
  };
  assert.deepEqual(
    encryption.resources.map(rule => rule.resources),
    cluster.encryption.map(rule => rule.resources),
  );
}

function assertUnit(name: string, text: string, usual: UnitKeys): void {
  const known = usual.get(name);
  assert.ok(known, `the unit ${name} is new`);
  for (const { section, key } of readUnit(text)) {
    assert.ok(SECTIONS.includes(section), `${name}: [${section}]`);
    assert.ok(known.has(key) || OPTIONAL.has(key), `${name}: ${key}=`);
  }
}

function assertScript(text: string): void {
  if (CHECKED_SCRIPTS.has(text)) return;
  execFileSync('sh', ['-n'], { input: text });
  CHECKED_SCRIPTS.add(text);
}

const environments = new Map<string, ReadonlyMap<string, string>>();

/** Variables after a shell has read a file of assignments; each text once, since most nodes have the same. */
function sourced(text: string): ReadonlyMap<string, string> {
  const known = environments.get(text);
  if (known) return known;
  const printed = execFileSync('/bin/sh', ['-c', `set -a\n${text}\nexec env -0`], { env: { PATH: '/usr/bin:/bin' }, encoding: 'utf8' });
  const values = new Map(printed.split('\0').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  environments.set(text, values);
  return values;
}

/** node.env as the scripts read it. */
function assertEnvironment(text: string, { node }: NodePlan, cluster: Cluster): void {
  const values = sourced(text);
  const seconds = (value: number) => (Number.isFinite(value) ? String(value) : String(2 ** 31));
  const common = {
    CLUSTER: cluster.name,
    NODE: node.name,
    ROLE: node.role,
    ADDRESS: node.address,
    ADDRESSES: node.addresses.join(' '),
    ADDRESS_WAIT: seconds(cluster.timings.addressWait),
    CLOCK_WAIT: seconds(cluster.timings.clockWait),
    TIME_SERVERS: cluster.node.timeServers.join(' '),
    BINARIES: cluster.paths.binaries,
    PKI: cluster.paths.pki,
  };
  const controlPlane = { ETCD_DATA: cluster.etcd.dataDir, BOOTSTRAP_PATIENCE: seconds(cluster.timings.bootstrapPatience) };
  for (const [name, value] of Object.entries(node.role === 'control-plane' ? { ...common, ...controlPlane } : common))
    assert.equal(values.get(`KUBEKILN_${name}`), value, name);
  const strange = [...values.keys()].filter(name => !/^(KUBEKILN_[A-Z_]+|PATH|PWD|OLDPWD|SHLVL|_|)$/.test(name));
  assert.deepEqual(strange, []);
}

function assertSystemFiles(plan: NodePlan, { node }: Cluster): void {
  const lines = (path: string) => {
    const text = plan.files.find(file => file.path === path)?.content;
    return text === undefined ? [] : text.slice(0, -1).split('\n');
  };
  const settings = lines('/etc/sysctl.d/90-kubekiln.conf').map(line => line.split(' = '));
  const values = new Map(settings.map(([name = '', ...value]) => [name, value.join(' = ')]));
  assert.equal(values.size, settings.length, 'a kernel setting twice');
  for (const [name, value] of Object.entries(node.sysctl)) assert.equal(values.get(name), value);
  for (const [name, value] of values)
    assert.ok(Object.hasOwn(node.sysctl, name) || /^(net|vm|kernel|fs)\.[a-z0-9_.-]+ \d+$/.test(`${name} ${value}`), name);
  assert.deepEqual(lines('/etc/modules-load.d/kubekiln.conf').slice(OWN_MODULES), node.modules);
  assert.deepEqual(
    lines('/etc/sysctl.d/91-kubekiln-node.conf'),
    Object.entries(plan.node.sysctl).map(([name, value]) => `${name} = ${value}`),
  );
  const servers = lines('/etc/systemd/timesyncd.conf.d/kubekiln.conf');
  assert.deepEqual(servers, node.timeServers.length === 0 ? [] : ['[Time]', `NTP=${node.timeServers.join(' ')}`]);
}

function assertDaemon(text: string, daemon: DaemonName, { extraArgs, extraEnvs }: ComponentSettings, cluster: Cluster): void {
  const unit = readUnit(text);
  assert.deepEqual(valuesOf(unit, 'User'), [cluster.users[daemon].name]);
  assert.deepEqual(
    valuesOf(unit, 'Environment').flatMap(assignments),
    extraEnvs.map(({ name, value }) => [name, value]),
  );
  const [start = '', ...more] = valuesOf(unit, 'ExecStart');
  assert.deepEqual(more, []);
  const [program, ...given] = commandLine(start);
  assert.equal(program, `${cluster.paths.binaries}/${daemon}`);
  const names = given.map(argument => /^--([a-z0-9][A-Za-z0-9._-]*)=/.exec(argument)?.[1] ?? assert.fail(`no flag: ${argument}`));
  const extra = new Set(extraArgs.map(({ name }) => name));
  assert.deepEqual(
    given.filter((_, index) => extra.has(names[index] ?? '')),
    extraArgs.map(({ name, value }) => `--${name}=${value}`),
  );
  const own = names.filter(name => !extra.has(name));
  assert.equal(new Set(own).size, own.length, `a flag twice: ${own}`);
  if (daemon === 'etcd') assert.ok(given.includes(`--data-dir=${cluster.etcd.dataDir}`));
  if (daemon === 'kube-apiserver') assert.ok(given.includes(`--audit-log-path=${cluster.paths.logs}/kube-apiserver/audit.log`));
}

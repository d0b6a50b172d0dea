// A whole out/<cluster>: manifest.json, every artifact that it records, every node, and what the nodes must share.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MANIFEST_PATH, type Manifest, type ManifestArtifact } from '../emit/manifest.ts';
import { pemBlocks } from '../formats/pem.ts';
import { parseYaml } from '../formats/yaml.ts';
import { type Carrier, MAX_ARTIFACT_BYTES, readCarrier } from './carrier.ts';
import type { Findings } from './checks.ts';
import { listFiles, readDiskFile } from './disk.ts';
import { finding, reading } from './finding.ts';
import { readKubeconfig } from './kubeconfig.ts';
import type { NodeView } from './node-view.ts';
import { verifyNode } from './verify-carriers.ts';
import { checkNames } from './verify-certificate.ts';
import { hostOf, verifyKubeconfig } from './verify-certificates.ts';
import { factsOf, type NodeFacts, verifyCluster } from './verify-cluster.ts';

const ADMIN_CONF = 'admin.conf';
const OPEN_TO_OTHERS = 0o077;

interface Output {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly now: number;
  /** image/runtime.tar.gz, when it is the recorded one. */
  readonly runtime?: Uint8Array;
}

/** @param now seconds since 1970 */
export function verifyOutput(findings: Findings, directory: string, manifest: Manifest, now: number): readonly NodeFacts[] {
  const recorded = new Map(manifest.artifacts.map(artifact => [artifact.path, artifact]));
  const archive = recorded.get(manifest.runtime.path);
  recorded.delete(manifest.runtime.path);
  const runtime = archive && readRecorded(findings, directory, archive);
  const output: Output = { directory, manifest, now, ...(runtime && { runtime }) };
  findings.check('artifacts', archive?.sha256 === manifest.runtime.sha256, () =>
    finding('manifest-invalid', join(directory, MANIFEST_PATH), 'its runtime archive is not the one that artifacts lists'),
  );
  verifyListing(findings, output);
  const nodes = Object.keys(manifest.nodes).flatMap(name => {
    const node = verifyRecordedNode(findings, output, name, recorded);
    return node ? [factsOf(node)] : [];
  });
  for (const artifact of recorded.values()) {
    const bytes = readRecorded(findings, directory, artifact);
    if (bytes && artifact.path === ADMIN_CONF) verifyAdminConf(findings, output, Buffer.from(bytes).toString('utf8'), nodes);
  }
  verifyCluster(findings, nodes);
  const bootBefore = Date.parse(manifest.bootBefore) / 1000;
  findings.check('lifetimes', !(bootBefore < now), () =>
    finding(
      'bootstrap-window-closed',
      directory,
      `blank nodes found this cluster until ${manifest.bootBefore} only`,
      'kubekiln secrets reopen-bootstrap, for a cluster that never ran',
      'warning',
    ),
  );
  return nodes;
}

function verifyListing(findings: Findings, { directory, manifest }: Output): void {
  const known = new Set([MANIFEST_PATH, ...manifest.artifacts.map(artifact => artifact.path)]);
  const files = findings.read(
    'artifacts',
    reading(directory, () => listFiles(directory)),
  );
  for (const file of files ?? []) {
    findings.check('artifacts', known.has(file), () =>
      finding(
        'artifact-unlisted',
        join(directory, file),
        'no build recorded it in manifest.json',
        'keep your own files elsewhere: a build replaces this directory',
        'warning',
      ),
    );
  }
}

/** Reads an artifact and compares it with the manifest; undefined when it is not the recorded one. Each one is counted once. */
function readRecorded(findings: Findings, directory: string, artifact: ManifestArtifact): Uint8Array | undefined {
  const path = join(directory, artifact.path);
  const { value, problem } = reading(path, () => readDiskFile(path, MAX_ARTIFACT_BYTES, false));
  if (problem) {
    findings.check('artifacts', false, () =>
      problem.code === 'file-not-found' ? finding('artifact-missing', path, 'manifest.json records it, but it is not there') : problem,
    );
    return undefined;
  }
  const { bytes, mode } = value;
  const recorded = Number.parseInt(artifact.mode, 8);
  findings.check('artifacts', (mode & OPEN_TO_OTHERS & ~recorded) === 0, () =>
    finding(
      'artifact-mode',
      path,
      `its mode is ${mode.toString(8).padStart(4, '0')} instead of ${artifact.mode}`,
      `chmod ${artifact.mode} ${path}`,
    ),
  );
  const intact = bytes.length === artifact.size && createHash('sha256').update(bytes).digest('hex') === artifact.sha256;
  const size = bytes.length === artifact.size ? 'it was changed' : `it has ${bytes.length} bytes instead of ${artifact.size}`;
  const same = findings.check('artifacts', intact, () =>
    finding('artifact-changed', path, `${size} since it was built`, 'build it again: kubekiln build'),
  );
  return same ? bytes : undefined;
}

/** Takes what it read of the node's artifacts out of `recorded`. */
function verifyRecordedNode(
  findings: Findings,
  output: Output,
  name: string,
  recorded: Map<string, ManifestArtifact>,
): NodeView | undefined {
  const { directory, manifest } = output;
  const node = manifest.nodes[name];
  if (!node) return undefined;
  const carriers: Carrier[] = [];
  const { runtime } = output;
  for (const path of new Set([node.userData, node.userDataGz, node.use, node.seedIso, node.tarball, node.metaData])) {
    const artifact = recorded.get(path);
    recorded.delete(path);
    findings.check('artifacts', artifact !== undefined, () =>
      finding('manifest-invalid', join(directory, MANIFEST_PATH), `${name} has ${path}, which artifacts does not list`),
    );
    const bytes = artifact && readRecorded(findings, directory, artifact);
    if (!bytes) continue;
    if (path === node.metaData) verifyMetaData(findings, join(directory, path), bytes, node.instanceId);
    else {
      const carrier = findings.read(
        'carriers',
        reading(join(directory, path), () => readCarrier(join(directory, path), bytes, () => runtime)),
      );
      if (carrier) carriers.push(carrier);
    }
  }
  const view = verifyNode(findings, name, carriers, output.now);
  if (!view) return undefined;
  const { digest, generation } = view.payload;
  const agrees =
    digest === node.payloadDigest &&
    (generation === undefined || generation === node.generation) &&
    view.name === name &&
    view.role === node.role;
  findings.check('payloads', agrees, () =>
    finding('manifest-invalid', join(directory, MANIFEST_PATH), `what it says about ${name} is not what ${view.subject} carries`),
  );
  return view;
}

function verifyMetaData(findings: Findings, path: string, bytes: Uint8Array, instanceId: string): void {
  const { value } = parseYaml(Buffer.from(bytes).toString('utf8'));
  const found = typeof value === 'object' && value !== null && 'instance-id' in value ? value['instance-id'] : undefined;
  findings.check('carriers', found === instanceId, () => finding('carriers-differ', path, `its instance-id is not ${instanceId}`));
}

/** Each API server that operators dial must show a certificate for that name: a single endpoint, or one context per node. */
function verifyAdminConf(findings: Findings, { directory, now }: Output, text: string, nodes: readonly NodeFacts[]): void {
  const subject = join(directory, ADMIN_CONF);
  const controlPlanes = nodes.filter(node => node.role === 'control-plane');
  verifyKubeconfig(findings, subject, text, { now, fallback: '', server: undefined });
  const kubeconfig = readKubeconfig(text);
  const hosts = new Set((kubeconfig?.servers ?? []).map(hostOf).filter(host => host !== undefined));
  findings.check('names', hosts.size > 0, () => finding('artifact-damaged', subject, 'it names no API server'));
  const authority = certificates(kubeconfig?.authorities[0] ?? '');
  findings.check(
    'shared',
    controlPlanes.every(node => node.authority === undefined || certificates(node.authority) === authority),
    () => finding('certificate-chain', subject, 'it trusts another authority than the nodes'),
  );
  for (const host of hosts) {
    const owner = controlPlanes.filter(node => node.addresses.includes(host));
    for (const node of owner.length > 0 ? owner : controlPlanes) {
      if (node.apiServer) checkNames(findings, `${subject}: the API server of ${node.name}`, node.apiServer, [host]);
    }
  }
}

/** What a bundle holds, however its lines are cut. */
function certificates(pem: string): string {
  return pemBlocks(pem, 'CERTIFICATE').join('');
}

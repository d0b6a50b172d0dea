// What kubelet and kube-proxy say of themselves: their files, flags and defaults together.
import { dumpYaml, parseYaml } from '../../../src/formats/yaml.ts';
import type { Member } from '../control-plane.ts';
import type { Operator } from '../operator.ts';
import { eventually } from '../patience.ts';
import type { Facts } from './facts.ts';
import { KUBELET_CONFIGURATION, PROXY_KUBECONFIG } from './rules-node.ts';

/** The same facts with effective settings in the place of the files in which the benchmark looks for them. */
export async function effectiveFacts(operator: Operator, { name, host }: Member, facts: Facts): Promise<Facts> {
  const path = `/api/v1/nodes/${name}/proxy/configz`;
  const kubelet = await eventually(`kubelet of ${name} says how it is configured`, () => operator.kubectl(['get', '--raw', path]));
  const proxy = (await host.inNetwork('curl', ['--silent', '--fail', 'http://127.0.0.1:10249/configz'])).stdout;
  const effective = [
    [KUBELET_CONFIGURATION, onlyEntry(kubelet)],
    [PROXY_KUBECONFIG, onlyEntry(proxy)],
  ] as const;
  return { ...facts, contents: new Map([...facts.contents, ...effective]) };
}

/** A daemon answers with one configuration, under its name. */
function onlyEntry(answer: string): string {
  const [configuration] = Object.values(JSON.parse(answer) as Readonly<Record<string, object>>);
  return dumpYaml(configuration);
}

/** Effective settings of which the benchmark only asks whether they are there, or nothing at all. What is false is not said. */
export const SECURE = {
  streamingConnectionIdleTimeout: '4h0m0s',
  eventRecordQPS: 50,
  podPidsLimit: 4096,
  protectKernelDefaults: true,
  rotateCertificates: true,
  seccompDefault: true,
  tlsMinVersion: 'VersionTLS12',
  healthzBindAddress: '127.0.0.1',
} as const;

/** Those of SECURE that kubelet says are otherwise. */
export function insecure(facts: Facts): readonly string[] {
  const said = parseYaml(facts.contents.get(KUBELET_CONFIGURATION) ?? '').value as Readonly<Record<string, unknown>>;
  return Object.entries(SECURE).flatMap(([key, value]) => (said[key] === value ? [] : [key]));
}

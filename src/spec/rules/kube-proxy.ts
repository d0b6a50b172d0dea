// What kube-proxy itself would refuse in its configuration, or deprecates (pkg/proxy/apis/config/validation); keys and types are checked in
// configurations.ts.
import { closestWord } from '../../closest-word.ts';
import type { DocumentPath } from '../../problem.ts';
import { parseEndpoint } from '../address-formats.ts';
import { parseDuration } from '../duration.ts';
import { parseAddress, parseSubnet, unusableKind } from '../ip-address.ts';
import { parseVersion, takesNodePortKeywords } from '../kubernetes-releases.ts';
import type { Rule, SpecDraft } from '../rule.ts';
import { isMapping } from '../schema-walk.ts';

const ROOT: DocumentPath = ['spec', 'kubeProxyConfiguration'];
const MODES = ['nftables', 'iptables'];

type Given = Readonly<Record<string, unknown>>;

function section(spec: SpecDraft, ...path: readonly string[]): Given {
  let found: unknown = spec.kubeProxyConfiguration;
  for (const key of path) found = isMapping(found) ? found[key] : undefined;
  return isMapping(found) ? found : {};
}

const mode: Rule = {
  code: 'unknown-proxy-mode',
  check({ spec }, report) {
    const given = section(spec).mode;
    if (typeof given !== 'string' || MODES.includes(given)) return;
    const path = [...ROOT, 'mode'];
    if (given === 'ipvs')
      report.error(path, 'ipvs is deprecated since v1.35, and will be removed', {
        value: given,
        hint: 'nftables does the same, and scales',
      });
    else {
      const meant = closestWord(given, MODES);
      report.error(path, `kube-proxy has no mode ${JSON.stringify(given)}`, {
        value: given,
        allowed: MODES,
        label: meant === undefined ? `one of ${MODES.join(', ')}` : `did you mean "${meant}"?`,
      });
    }
  },
};

interface Bounds {
  readonly at: readonly [...string[], string];
  readonly least: number;
  readonly most?: number;
}

const BOUNDS: readonly Bounds[] = [
  { at: ['iptables', 'masqueradeBit'], least: 0, most: 31 },
  { at: ['nftables', 'masqueradeBit'], least: 0, most: 31 },
  { at: ['oomScoreAdj'], least: -1000, most: 1000 },
  { at: ['conntrack', 'maxPerCore'], least: 0 },
  { at: ['conntrack', 'min'], least: 0 },
  { at: ['clientConnection', 'burst'], least: 0 },
];

const DETECT_LOCAL: Readonly<Record<string, string | undefined>> = {
  ClusterCIDR: undefined,
  NodeCIDR: undefined,
  BridgeInterface: 'bridgeInterface',
  InterfaceNamePrefix: 'interfaceNamePrefix',
};

/** Every value that kube-proxy would end about, with its place below kubeProxyConfiguration. */
function faults(spec: SpecDraft): readonly { readonly at: DocumentPath; readonly message: string }[] {
  return [...outOfBounds(spec), ...periods(spec), ...addresses(spec), ...detectLocal(spec), ...nodePorts(spec)];
}

function outOfBounds(spec: SpecDraft) {
  return BOUNDS.flatMap(({ at, least, most = Number.POSITIVE_INFINITY }) => {
    const value = section(spec, ...at.slice(0, -1))[at.at(-1) ?? ''];
    if (typeof value !== 'number' || (value >= least && value <= most)) return [];
    return [{ at, message: `${at.join('.')} is at least ${least}${most === Number.POSITIVE_INFINITY ? '' : ` and at most ${most}`}` }];
  });
}

/** Of the mode in use: kube-proxy does not look at those of the other. */
function periods(spec: SpecDraft) {
  const name = section(spec).mode === 'iptables' ? 'iptables' : 'nftables';
  const [longest, shortest] = ['syncPeriod', 'minSyncPeriod'].map(key => parseDuration(String(section(spec, name)[key])));
  return longest === undefined || shortest === undefined || shortest <= longest
    ? []
    : [{ at: [name, 'minSyncPeriod'], message: `${name}.minSyncPeriod is longer than its syncPeriod` }];
}

function addresses(spec: SpecDraft) {
  return ['healthzBindAddress', 'metricsBindAddress'].flatMap(key => {
    const value = section(spec)[key];
    if (typeof value !== 'string' || parseAddress(parseEndpoint(value)?.host ?? value)) return [];
    return [{ at: [key], message: `${key} is an IP address and a port like 0.0.0.0:10256` }];
  });
}

function detectLocal(spec: SpecDraft) {
  const given = section(spec).detectLocalMode;
  if (typeof given !== 'string' || given === '') return [];
  if (!Object.hasOwn(DETECT_LOCAL, given))
    return [{ at: ['detectLocalMode'], message: `detectLocalMode is one of ${Object.keys(DETECT_LOCAL).join(', ')}` }];
  const needed = DETECT_LOCAL[given];
  const missing = needed !== undefined && !section(spec, 'detectLocal')[needed];
  return missing ? [{ at: ['detectLocalMode'], message: `detectLocalMode ${given} needs detectLocal.${needed}` }] : [];
}

function nodePorts(spec: SpecDraft) {
  const given = section(spec).nodePortAddresses;
  if (!Array.isArray(given)) return [];
  const version = parseVersion(spec.kubernetesVersion ?? '');
  const keywords = version && takesNodePortKeywords(version) ? ['primary', 'localhost', 'all'] : given.length === 1 ? ['primary'] : [];
  return given.flatMap((item: unknown, index) =>
    typeof item !== 'string' || keywords.includes(item) || parseSubnet(item)
      ? []
      : [
          {
            at: ['nodePortAddresses', index],
            message: `${JSON.stringify(item)} is no subnet like 10.0.0.0/8, nor a word that stands alone: primary`,
          },
        ],
  );
}

const badConfiguration: Rule = {
  code: 'bad-proxy-configuration',
  check({ spec }, report) {
    for (const { at, message } of faults(spec)) report.error([...ROOT, ...at], `kube-proxy would not start: ${message}`);
  },
};

const exposedMetrics: Rule = {
  code: 'exposed-metrics',
  check({ spec }, report) {
    const given = section(spec).metricsBindAddress;
    const address = typeof given === 'string' ? parseAddress(parseEndpoint(given)?.host ?? given) : undefined;
    if (!address || unusableKind(address) === 'loopback') return;
    report.warning([...ROOT, 'metricsBindAddress'], 'whoever reaches this address reads the metrics of kube-proxy (CIS 4.3.1)', {
      value: given,
    });
  },
};

export const kubeProxyRules: readonly Rule[] = [mode, badConfiguration, exposedMetrics];

// Every format that a text in cluster.yaml can have, in one table: what JSON Schema sees (pattern), what the user sees (message, hint) and the code.
// A format judges one text by itself; what compares two places is a rule (rules/).
import { addressFinding, endpointFinding, hostFinding, subnetsFinding } from './address-formats.ts';
import { CALENDAR, calendarFinding, calendarHint } from './calendar.ts';
import { parseDuration } from './duration.ts';
import { nameLength, numericName, suggestName } from './name-formats.ts';
import { IMAGE, IMAGE_REPOSITORY, IMAGE_TAG, proxyFinding, REGISTRY_HOST, urlFinding } from './registry-formats.ts';
import { type Finding, LABEL, type TextFormat, VISIBLE } from './text-format.ts';

export const TEXT_FORMATS = {
  'cluster-name': {
    code: 'bad-name',
    pattern: new RegExp(`^${LABEL}$`),
    examples: ['prod'],
    what: 'a name of lower-case letters, digits and inner hyphens (RFC 1123 label)',
    check: nameLength,
    hint: suggestName,
  },
  'node-name': {
    code: 'bad-name',
    pattern: new RegExp(`^${LABEL}(\\.${LABEL})*$`),
    examples: ['cp-1'],
    what: 'a name of lower-case letters, digits, inner hyphens and dots (RFC 1123)',
    check: text => nameLength(text) ?? numericName(text),
    hint: suggestName,
  },
  version: {
    code: 'bad-version',
    pattern: /^v1\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/,
    examples: ['v1.37.1'],
    what: 'a Kubernetes release like v1.37.1',
    hint: text =>
      /^v?1\.\d+(\.\d+)?$/.test(text) ? `write it in full: v${text.replace(/^v/, '')}${/\..*\./.test(text) ? '' : '.0'}` : undefined,
  },
  'pod-security-version': {
    code: 'bad-version',
    pattern: /^(latest|v1\.(0|[1-9]\d{0,2}))$/,
    examples: ['v1.37'],
    what: 'latest, or a minor release like v1.37',
    hint: text => /^v?(1\.\d+)/.exec(text)?.[1] && `write v${/^v?(1\.\d+)/.exec(text)?.[1]}`,
  },
  namespace: {
    code: 'bad-name',
    pattern: new RegExp(`^${LABEL}$`),
    examples: ['kube-system'],
    what: 'a namespace: at most 63 lower-case letters, digits and inner hyphens (RFC 1123 label)',
  },
  'object-name': {
    code: 'bad-name',
    pattern: new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`),
    examples: ['gvisor'],
    what: 'a name of lower-case letters, digits, inner hyphens and dots (RFC 1123)',
  },
  'authenticated-user': {
    code: 'bad-user-name',
    pattern: /^[A-Za-z0-9:@._/+-]{1,253}$/,
    examples: ['system:serviceaccount:storage:driver'],
    what: 'a user as Kubernetes authenticates it: letters, digits and : @ . _ / + -',
  },
  address: { code: 'bad-address', examples: ['10.0.1.11'], what: 'an IP address', check: addressFinding },
  subnets: { code: 'bad-subnet', examples: [], what: 'a subnet like 10.96.0.0/16, or two separated by a comma', check: subnetsFinding },
  'domain-name': {
    code: 'bad-domain-name',
    pattern: new RegExp(`^${LABEL}(\\.${LABEL})*$`),
    examples: ['cluster.local'],
    what: 'a DNS domain in lower case without a final dot',
    check: text =>
      text.length > 253 - 'kubernetes.default.svc.'.length
        ? { message: 'is too long for kubernetes.default.svc to fit before it' }
        : numericName(text),
  },
  endpoint: {
    code: 'bad-endpoint',
    examples: ['api.prod.example.com:6443'],
    what: 'a host and a port like api.example.com:6443',
    check: endpointFinding,
  },
  host: {
    code: 'bad-host',
    examples: ['ntp.example.com'],
    what: 'a host name or an IP address',
    check: text => hostFinding(text, 'a host name or an IP address', false),
  },
  san: {
    code: 'bad-host',
    examples: ['api.prod.example.com'],
    what: 'a DNS name or an IP address',
    check: text => hostFinding(text, 'a DNS name or an IP address', true),
  },
  duration: {
    code: 'bad-duration',
    pattern: /^(\d+h)?(\d+m)?(\d+s)?$/,
    examples: ['8760h'],
    what: 'a duration like 8760h, 30m or 90s',
    check: durationFinding,
    hint: daysHint,
  },
  'duration-or-never': {
    code: 'bad-duration',
    pattern: /^((\d+h)?(\d+m)?(\d+s)?|never)$/,
    examples: ['15m', 'never'],
    what: 'a duration like 30m or 90s, or never',
    check: text => (text === 'never' ? undefined : durationFinding(text)),
    hint: daysHint,
  },
  calendar: {
    code: 'bad-schedule',
    pattern: CALENDAR,
    examples: ['*-*-* 00/6:00', 'Sun 03:30', 'daily'],
    what: 'a time of systemd like *-*-* 00/6:00 (every six hours), Sun 03:30 or daily',
    check: calendarFinding,
    hint: calendarHint,
  },
  path: { code: 'bad-path', examples: [], what: 'an absolute path', check: pathFinding },
  'sibling-file': {
    code: 'bad-path',
    examples: ['audit-policy.yaml'],
    what: 'a file beside cluster.yaml',
    check: text => {
      if (new RegExp(`^${VISIBLE}+$`).test(text) === false)
        return { message: 'is not a file name: it is empty or holds control characters' };
      if (/^([A-Za-z]:|[/\\])/.test(text) || text.split('/').includes('..'))
        return { message: 'leads out of the directory of cluster.yaml', hint: 'keep the file beside cluster.yaml, or below it' };
      return undefined;
    },
  },
  'flag-name': {
    code: 'bad-flag-name',
    pattern: /^[a-z0-9][a-zA-Z0-9._-]*$/,
    examples: ['event-ttl'],
    what: 'a flag name without its dashes',
    hint: text => {
      const bare = /^-*([a-z0-9][\w-]*)/.exec(text)?.[1];
      return bare === undefined
        ? undefined
        : text.includes('=')
          ? `the value has a key of its own: {name: ${bare}, value: …}`
          : `write ${bare}`;
    },
  },
  'environment-name': {
    code: 'bad-environment-name',
    pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
    examples: ['GOMEMLIMIT'],
    what: 'the name of an environment variable',
  },
  'one-line': { code: 'bad-text', pattern: new RegExp(`^${VISIBLE}*$`), examples: [], what: 'one line of visible text' },
  'user-name': {
    code: 'bad-user-name',
    pattern: /^[a-z_][a-z0-9_-]{0,30}$/,
    examples: ['etcd'],
    what: 'a user name of Linux: lower-case letters, digits, _ and -, at most 31',
  },
  'key-name': {
    code: 'bad-key-name',
    pattern: /^[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$/,
    examples: ['key1'],
    what: 'a name for a key: letters, digits, inner _ -, at most 63',
  },
  resource: {
    code: 'bad-encryption-resource',
    pattern: /^(\*\.\*|\*\.[a-z0-9.-]*|[a-z0-9-]+(\.[a-z0-9.-]+)?)$/,
    examples: ['secrets'],
    what: 'a resource as kube-apiserver takes it: secrets, deployments.apps, *.apps, *. (core) or *.*',
    check: text =>
      /(^|\.)(events\.k8s\.io|extensions)$/.test(text)
        ? { message: 'is a group that kube-apiserver does not encrypt by that name', hint: 'events belong to the core group: events' }
        : undefined,
    hint: text =>
      text === '*' ? 'all resources are *.*, those of the core group *.' : /[A-Z]/.test(text) ? `write ${text.toLowerCase()}` : undefined,
  },
  'kms-endpoint': {
    code: 'bad-kms-endpoint',
    // sun_path holds 107 characters, unix(7)
    pattern: /^unix:\/\/\/[A-Za-z0-9._/@-]{1,106}$/,
    examples: ['unix:///run/kms/socket'],
    what: 'a socket like unix:///run/kms/socket',
  },
  'country-code': {
    code: 'bad-subject',
    pattern: /^[A-Z]{2}$/,
    examples: ['DE'],
    what: 'a country code of two capital letters (ISO 3166)',
  },
  'subject-value': {
    code: 'bad-subject',
    pattern: new RegExp(`^${VISIBLE}{1,64}$`),
    examples: ['Example GmbH'],
    what: 'between 1 and 64 visible characters (RFC 5280, upper bounds)',
  },
  organisation: {
    code: 'bad-subject',
    pattern: new RegExp(`^(?!system:|kubeadm:)${VISIBLE}{1,64}$`),
    examples: ['Example GmbH'],
    what: "between 1 and 64 visible characters, and none of Kubernetes' own groups (system:…, kubeadm:…)",
  },
  'port-range': {
    code: 'bad-port-range',
    pattern: /^\d{1,5}-\d{1,5}$/,
    examples: ['30000-32767'],
    what: 'a range of ports like 30000-32767',
    check: text => {
      const [first = 0, last = 0] = text.split('-').map(Number);
      return first < 1 || last > 65535 || first > last ? { message: 'is not a range between 1 and 65535' } : undefined;
    },
  },
  'label-key': {
    code: 'bad-label',
    pattern: /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
    examples: ['topology.kubernetes.io/zone'],
    what: 'a label key of Kubernetes: [prefix/]name',
  },
  'label-value': {
    code: 'bad-label',
    pattern: /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/,
    examples: ['zone-a'],
    what: 'a label value of Kubernetes: letters, digits, inner . _ -, at most 63',
  },
  'sysctl-name': {
    code: 'bad-sysctl',
    pattern: /^[a-z0-9_-]+([./][a-zA-Z0-9_-]+)+$/,
    examples: ['vm.max_map_count'],
    what: 'the name of a kernel setting like vm.max_map_count',
  },
  'sysctl-value': { code: 'bad-sysctl', pattern: /^[A-Za-z0-9 ._,/:-]+$/, examples: ['262144'], what: 'a value for a kernel setting' },
  'module-name': {
    code: 'bad-module-name',
    pattern: /^[A-Za-z0-9_-]{1,55}$/,
    examples: ['br_netfilter'],
    what: 'the name of a kernel module',
  },
  'registry-host': {
    code: 'bad-registry',
    pattern: REGISTRY_HOST,
    examples: ['registry.k8s.io'],
    what: 'a registry as image names have it: registry.k8s.io, harbor.example.com:5000, or _default',
  },
  'https-url': { code: 'bad-url', examples: ['https://harbor.example.com/v2/k8s'], what: 'a URL', check: urlFinding },
  'proxy-url': { code: 'bad-url', examples: ['http://proxy.example.com:3128'], what: 'the URL of a proxy', check: proxyFinding },
  'image-tag': {
    code: 'bad-image',
    pattern: IMAGE_TAG,
    examples: ['v1.14.6'],
    what: 'the tag of an image, with its digest or without',
  },
  image: {
    code: 'bad-image',
    pattern: IMAGE,
    examples: ['registry.example.com/pause:3.10.2'],
    what: 'an image with its registry: registry.example.com/pause:3.10.2',
  },
  'image-repository': {
    code: 'bad-image',
    pattern: IMAGE_REPOSITORY,
    examples: ['harbor.example.com/k8s'],
    what: 'a registry, and perhaps a path in it, without a tag: harbor.example.com/k8s',
  },
} as const satisfies Readonly<Record<string, TextFormat>>;

export type FormatName = keyof typeof TEXT_FORMATS;

/** Judges a text by its format. */
export function checkFormat(name: FormatName, text: string): Finding | undefined {
  const format: TextFormat = TEXT_FORMATS[name];
  if (format.pattern && !format.pattern.test(text)) {
    const hint = format.hint?.(text);
    return { message: `is not ${format.what}`, ...(hint !== undefined && { hint }) };
  }
  return format.check?.(text);
}

function durationFinding(text: string): Finding | undefined {
  const seconds = parseDuration(text);
  if (seconds === undefined) return { message: 'is not a duration like 8760h, 30m or 90s' };
  // 100 years; also what keeps notAfter inside the years that every X.509 reader knows.
  return seconds > 100 * 8766 * 3600 ? { message: 'is longer than a hundred years' } : undefined;
}

function daysHint(text: string): string | undefined {
  const [, count, unit] = /^(\d+) ?(d|days?|w|y|years?)$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  return `Go's durations end at hours: ${Number(count) * (unit.startsWith('d') ? 24 : unit.startsWith('w') ? 168 : 8760)}h`;
}

// What still fits into archives and file systems with names of ours before and behind it.
const PATH_LIMIT = 200;
const DEPTH_LIMIT = 33;

function pathFinding(text: string): Finding | undefined {
  if (!text.startsWith('/')) return { message: 'is not an absolute path' };
  const strange = /[^A-Za-z0-9._/@-]/u.exec(text)?.[0];
  if (strange !== undefined)
    return { message: `holds ${JSON.stringify(strange)}; a path on a node is made of letters, digits and . _ / @ -` };
  const clean = `/${text
    .split('/')
    .filter(part => part !== '' && part !== '.')
    .join('/')}`;
  if (text.split('/').includes('..')) return { message: 'is not a clean path: it holds ".."' };
  if (clean.length > PATH_LIMIT || clean.split('/').length > DEPTH_LIMIT)
    return { message: `is too long; ${PATH_LIMIT} characters and ${DEPTH_LIMIT - 1} directories are possible` };
  return clean === text ? undefined : { message: 'is not a clean path', hint: `write ${clean}` };
}

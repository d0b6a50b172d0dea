import { closestWord } from '../../closest-word.ts';
import type { DocumentPath } from '../../problem.ts';
import { indexedNodes, type Rule, type SpecDraft } from '../rule.ts';
import { isMapping } from '../schema-walk.ts';

type NetworkConfig = Readonly<Record<string, unknown>>;

function configs(
  spec: SpecDraft,
): readonly { config: NetworkConfig; path: DocumentPath; address: string | undefined; name: string | undefined }[] {
  return indexedNodes(spec).flatMap(({ node, path }) =>
    isMapping(node.networkConfig)
      ? [{ config: node.networkConfig, path: [...path, 'networkConfig'], address: node.address, name: node.name }]
      : [],
  );
}

// https://netplan.readthedocs.io/en/stable/netplan-yaml/
const DEVICES = [
  'ethernets',
  'bonds',
  'bridges',
  'vlans',
  'wifis',
  'modems',
  'tunnels',
  'vrfs',
  'dummy-devices',
  'virtual-ethernets',
  'nm-devices',
];
const KEYS = ['version', 'renderer', ...DEVICES, 'openvswitch'];

const version: Rule = {
  code: 'network-config-version',
  check({ spec }, report) {
    for (const { config, path } of configs(spec)) {
      if (config.version === 2) continue;
      const wrapped = isMapping(config.network);
      if (Object.hasOwn(config, 'version'))
        report.error([...path, 'version'], 'networkConfig is netplan version 2', { label: 'only 2 is possible' });
      else
        report.error(path, wrapped ? 'networkConfig is what stands below network: in a netplan file' : 'networkConfig lacks "version: 2"', {
          mark: 'key',
          hint: wrapped ? 'leave out the line network:' : 'version: 2',
        });
    }
  },
};

const unknownKey: Rule = {
  code: 'network-config-key',
  check({ spec }, report) {
    for (const { config, path } of configs(spec)) {
      for (const key of Object.keys(config).filter(key => !KEYS.includes(key) && key !== 'network')) {
        const meant = closestWord(key, KEYS);
        report.error([...path, key], `netplan has no key "${key}"`, {
          mark: 'key',
          allowed: KEYS,
          ...(meant !== undefined && { label: `did you mean "${meant}"?` }),
        });
      }
    }
  },
};

/** Every device of a netplan document, with its place in it. */
export function interfaces(config: NetworkConfig): readonly { path: DocumentPath; settings: NetworkConfig }[] {
  return DEVICES.flatMap(kind => {
    const group = config[kind];
    return isMapping(group)
      ? Object.entries(group).flatMap(([name, settings]) => (isMapping(settings) ? [{ path: [kind, name], settings }] : []))
      : [];
  });
}

/** What each cloud-init renders rightly; 22.4 without netplan makes ::/64 of ::/0. */
function defaultRoute(via: unknown): string {
  const to = typeof via === 'string' && via.includes(':') ? ['"::/1"', '"8000::/1"'] : ['0.0.0.0/0'];
  return `routes: [${to.map(destination => `{to: ${destination}, via: ${to.length > 1 ? `"${String(via)}"` : String(via)}}`).join(', ')}]`;
}

const gateway: Rule = {
  code: 'network-config-gateway',
  check({ spec }, report) {
    for (const { config, path } of configs(spec)) {
      for (const { path: device, settings } of interfaces(config)) {
        for (const key of ['gateway4', 'gateway6'].filter(key => Object.hasOwn(settings, key)))
          report.warning([...path, ...device, key], `${key} is deprecated`, { mark: 'key', hint: defaultRoute(settings[key]) });
      }
    }
  },
};

// cloud-init hands a netplan file on where netplan is installed. Elsewhere it renders the routes itself, for systemd-networkd or ifupdown.
const route: Rule = {
  code: 'network-config-route',
  check({ spec }, report) {
    for (const { config, path } of configs(spec)) {
      for (const { path: device, settings } of interfaces(config)) {
        const routes = Array.isArray(settings.routes) ? settings.routes : [];
        for (const [index, item] of routes.entries()) {
          if (!isMapping(item) || (item.to !== 'default' && item.to !== '::/0')) continue;
          const does = item.to === 'default' ? 'stops at "to: default"' : 'of Debian 12 makes ::/64 of "::/0"';
          report.warning([...path, ...device, 'routes', index, 'to'], `without netplan on the node, cloud-init ${does}`, {
            value: item.to,
            hint: defaultRoute(item.via),
          });
        }
      }
    }
  },
};

const lacksAddress: Rule = {
  code: 'network-config-address',
  check({ spec }, report) {
    for (const { config, path, address, name } of configs(spec)) {
      const all = interfaces(config);
      const dynamic = all.some(({ settings }) => settings.dhcp4 === true || settings.dhcp6 === true);
      const statics = all
        .flatMap(({ settings }) => (Array.isArray(settings.addresses) ? settings.addresses : []))
        .map(item => (typeof item === 'string' ? item.split('/')[0] : undefined));
      if (address === undefined || dynamic || statics.length === 0 || statics.includes(address)) continue;
      report.warning(path, `no interface gets ${address}: ${name ?? 'the node'} would wait for its own address and stop`, { mark: 'key' });
    }
  },
};

export const networkConfigRules: readonly Rule[] = [version, unknownKey, gateway, route, lacksAddress];

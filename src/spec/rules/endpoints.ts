import type { DocumentPath } from '../../problem.ts';
import { parseEndpoint } from '../address-formats.ts';
import { parseAddress, unusableKind } from '../ip-address.ts';
import { indexedNodes, type NodeDraft, type Rule, type SpecDraft } from '../rule.ts';

const ENDPOINT: DocumentPath = ['spec', 'controlPlaneEndpoint'];

const endpointNotUsable: Rule = {
  code: 'endpoint-not-usable',
  check({ spec }, report) {
    const { controlPlaneEndpoint: value } = spec;
    const host = parseEndpoint(value ?? '')?.host;
    if (host === undefined) return;
    const address = parseAddress(host);
    const kind = address ? unusableKind(address) : /(^|\.)localhost$/.test(host) ? 'loopback' : undefined;
    if (kind === undefined) return;
    report.error(
      ENDPOINT,
      `${host} is ${kind === 'unspecified' ? 'an unspecified' : `a ${kind}`} address: operators dial it from elsewhere`,
      {
        value,
        ...(kind === 'loopback' && { hint: 'workers have their own proxy there (loadBalancer); leave controlPlaneEndpoint out' }),
      },
    );
  },
};

function ownerOf(spec: SpecDraft, host: string): NodeDraft | undefined {
  return indexedNodes(spec).find(({ node }) => [node.address, ...(node.addresses ?? [])].includes(host))?.node;
}

const endpointOfOneNode: Rule = {
  code: 'endpoint-of-one-node',
  check({ spec }, report) {
    const { controlPlaneEndpoint: value } = spec;
    const endpoint = parseEndpoint(value ?? '');
    const owner = endpoint && ownerOf(spec, endpoint.host);
    if (!endpoint || !owner) return;
    const dial = spec.loadBalancer?.type === 'external' ? 'workers and operators' : 'operators';
    const controlPlanes = indexedNodes(spec).filter(({ node }) => node.role === 'control-plane').length;
    const port = spec.apiServer?.bindPort;
    const hint = 'a name or an address that a load balancer has; or none: admin.conf then has a context for each control-plane node';
    if (owner.role === 'worker')
      report.warning(ENDPOINT, `${endpoint.host} is the address of ${owner.name}, a worker: no API server runs there`, { value, hint });
    else if (controlPlanes > 1)
      report.warning(ENDPOINT, `${endpoint.host} is the address of ${owner.name} alone: when it is down, ${dial} reach no API server`, {
        value,
        hint,
      });
    else if (port !== undefined && port !== endpoint.port)
      report.warning(ENDPOINT, `the API server of ${owner.name} listens on port ${port}, not on ${endpoint.port}`, {
        value,
        hint: `${value?.slice(0, value.lastIndexOf(':'))}:${port}, or apiServer.bindPort`,
      });
  },
};

export const endpointRules: readonly Rule[] = [endpointNotUsable, endpointOfOneNode];

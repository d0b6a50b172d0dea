// Keeps pods away from the metadata service of the cloud, which answers with the node's user-data, and so with its keys. A table of its own: whoever
// writes the rules of Services or of the pod network leaves it alone. https://wiki.nftables.org/wiki-nftables/index.php/Netfilter_hooks
import { renderTemplate } from '../formats/mustache.ts';
import type { Component, Contribution, PlannedFile } from '../plan/node-plan.ts';
import { blocksMetadata, type Cluster } from '../spec/cluster.ts';
import { LIBRARY_DIRECTORY, unitPath } from './locations.ts';
import { NFT } from './network-agent.ts';

const UNIT = 'kubekiln-metadata.service';
const RULES = `${LIBRARY_DIRECTORY}/metadata.nft`;

/**
 * For every packet that the node forwards, whoever sent it. Replies pass, since health checks of load balancers come from there, and so do questions for
 * names, since resolvers of some clouds have the same address. Refused at once, so that software which tries it loses no time.
 */
function rules({ metadataService: { addresses } }: Cluster): string {
  const of = (family: 4 | 6) => addresses.filter(address => address.includes(':') === (family === 6)).join(', ');
  return renderTemplate('metadata.nft', { ipv4: of(4), ipv6: of(6) }, value => value);
}

function files(cluster: Cluster): readonly PlannedFile[] {
  const { addresses, podAccess } = cluster.metadataService;
  if (addresses.length === 0 || podAccess === 'allowed') return [];
  const file = (path: string, content: string): PlannedFile => ({
    path,
    mode: 0o644,
    owner: 'root',
    content,
    part: 'runtime',
    secret: false,
    restarts: [UNIT],
  });
  const unit = renderTemplate(UNIT, { load: `${NFT.path} -f ${RULES}` }, value => value);
  return [file(RULES, rules(cluster)), file(unitPath(UNIT), unit)];
}

export const metadataService: Component = {
  name: 'metadata-service',
  runsOn: (node, cluster) => blocksMetadata(cluster, node),
  // A cluster without nodes in a cloud may get some.
  runtimeFiles: files,
  plan: ({ cluster }): Contribution => ({ files: files(cluster), units: [{ name: UNIT, startedBy: 'target' }], binaries: [NFT] }),
};

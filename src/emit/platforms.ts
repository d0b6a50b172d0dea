// What each platform takes as user-data, in the unit that it counts. Sources were read in 2026; where a platform's own pages contradict each other,
// the comment says so.
import { invariant } from '../bug.ts';
import type { Payload } from './payload.ts';

/** Bytes of the file itself, or of the base64 text that the platform's API wants it in. */
export type CountedAs = 'bytes' | 'base64';

export interface Platform {
  readonly name: string;
  /** Which of a node's artifacts is handed over. */
  readonly use: 'user-data' | 'user-data.gz' | 'seed.iso';
  readonly counts: CountedAs;
  /** In the counted unit; absent where there is none. */
  readonly limit?: number;
  /** How the platform's page words the unit. */
  readonly unit: string;
  readonly source: string;
}

const NOCLOUD = 'https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html';

export const PLATFORMS: readonly Platform[] = [
  { name: 'nocloud', use: 'seed.iso', counts: 'bytes', unit: 'a volume', source: NOCLOUD },
  // attached as a CD-ROM; Proxmox's own cloud-init drive (cicustom) holds 4 MiB
  { name: 'proxmox', use: 'seed.iso', counts: 'bytes', unit: 'a volume', source: 'https://pve.proxmox.com/wiki/Cloud-Init_Support' },
  {
    name: 'aws',
    use: 'user-data.gz',
    counts: 'bytes',
    limit: 16_384,
    unit: 'raw, before base64',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html',
  },
  {
    name: 'azure',
    use: 'user-data.gz',
    counts: 'bytes',
    limit: 65_535,
    unit: 'raw, before base64',
    source: 'https://learn.microsoft.com/en-us/azure/virtual-machines/custom-data',
  },
  {
    // with the metadata key user-data-encoding: base64
    name: 'gcp',
    use: 'user-data.gz',
    counts: 'base64',
    limit: 262_144,
    unit: 'as base64 text',
    source: 'https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations',
  },
  {
    name: 'openstack',
    use: 'user-data.gz',
    counts: 'base64',
    limit: 65_535,
    unit: 'as base64 text',
    source: 'https://docs.openstack.org/nova/latest/user/metadata.html',
  },
  {
    // its datasource never decodes base64, so gzip cannot pass
    name: 'digitalocean',
    use: 'user-data',
    counts: 'bytes',
    limit: 65_536,
    unit: 'plain text',
    source: 'https://docs.digitalocean.com/reference/api/digitalocean/#operation/droplets_create',
  },
  {
    name: 'hetzner',
    use: 'user-data.gz',
    counts: 'base64',
    limit: 32_768,
    unit: 'as base64 text',
    source: 'https://docs.hetzner.cloud/reference/cloud#servers-create-a-server',
  },
  {
    // the same page also says "approximately 16kb encoded", which contradicts this number
    name: 'linode',
    use: 'user-data.gz',
    counts: 'bytes',
    limit: 65_535,
    unit: 'raw, before base64',
    source: 'https://techdocs.akamai.com/linode-api/reference/post-linode-instance',
  },
  {
    // shared with everything else in metadata and extendedMetadata
    name: 'oracle',
    use: 'user-data.gz',
    counts: 'base64',
    limit: 32_000,
    unit: 'as base64 text, with all other metadata',
    source: 'https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/updatinginstancemetadata.htm',
  },
  {
    // vm.userdata.max.length may be raised by the cloud's operator
    name: 'cloudstack',
    use: 'user-data.gz',
    counts: 'base64',
    limit: 32_768,
    unit: 'as base64 text, by POST',
    source: 'https://docs.cloudstack.apache.org/en/latest/adminguide/virtual_machines/user-data.html',
  },
  {
    // guestinfo.userdata with guestinfo.userdata.encoding=gzip+base64
    name: 'vsphere',
    use: 'user-data.gz',
    counts: 'base64',
    limit: 65_536,
    unit: 'as base64 text in guestinfo',
    source: 'https://cloudinit.readthedocs.io/en/latest/reference/datasources/vmware.html',
  },
  {
    name: 'vsphere-cloudinitprep',
    use: 'user-data',
    counts: 'bytes',
    limit: 524_288,
    unit: 'plain text',
    source: 'https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/vim.vm.customization.CloudinitPrep.html',
  },
  {
    // by userDataSecretRef; inline userData takes 2,048 bytes, which nothing fits
    name: 'kubevirt',
    use: 'user-data',
    counts: 'bytes',
    limit: 1_048_576,
    unit: 'plain text in a Secret',
    source: 'https://kubevirt.io/user-guide/user_workloads/startup_scripts/',
  },
  {
    name: 'exoscale',
    use: 'user-data.gz',
    counts: 'base64',
    limit: 32_768,
    unit: 'as base64 text',
    source: 'https://community.exoscale.com/product/compute/instances/how-to/cloud-init/',
  },
  {
    name: 'nebius',
    use: 'user-data',
    counts: 'bytes',
    limit: 32_768,
    unit: 'plain text',
    source: 'https://github.com/nebius/api/pull/133',
  },
  {
    name: 'oxide',
    use: 'user-data.gz',
    counts: 'bytes',
    limit: 32_768,
    unit: 'raw, before base64',
    source: 'https://github.com/oxidecomputer/omicron/pull/911',
  },
];

export function findPlatform(name: string): Platform | undefined {
  return PLATFORMS.find(platform => platform.name === name);
}

/** The platform that a node boots on. */
export function platformOf({ node }: Payload): Platform {
  const platform = findPlatform(node.platform);
  invariant(platform, `there is no platform ${node.platform}`);
  return platform;
}

/** What a platform counts for an artifact of so many bytes. */
export function countedSize(platform: Platform, bytes: number): number {
  return platform.counts === 'base64' ? 4 * Math.ceil(bytes / 3) : bytes;
}

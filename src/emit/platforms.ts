// What each platform takes as user-data, in the unit that it counts. Sources were read in 2026; where a platform's own pages contradict each other,
// the comment says so.
import { invariant } from '../bug.ts';
import type { Payload } from './payload.ts';

/** What a platform counts: the bytes that cloud-init gets to see, or the base64 text in which its API takes them. */
export type CountedAs = 'bytes' | 'base64';
/** How the file that is handed over is written, in words that are the same for all platforms. */
export type Encoding = 'text' | 'gzip' | 'gzip+base64' | 'iso9660';

export interface Platform {
  readonly name: string;
  /**
   * Which of a node's artifacts is handed over: `user-data.gz` where the tools or the datasource take bytes, `user-data.b64` where somebody must paste
   * base64, `user-data` where nothing but text passes (then as `user-data.packed`, when that is smaller).
   */
  readonly use: 'user-data' | 'user-data.gz' | 'user-data.b64' | 'seed.iso';
  /** What the platform's API calls the field that takes it, with what must stand beside it. */
  readonly field: string;
  readonly counts: CountedAs;
  /** In the counted unit; absent where there is none. */
  readonly limit?: number;
  /** How the platform's page words the unit. */
  readonly unit: string;
  readonly source: string;
}

const NOCLOUD = 'https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html';

export const PLATFORMS: readonly Platform[] = [
  { name: 'nocloud', use: 'seed.iso', field: 'a disk or CD-ROM of the machine', counts: 'bytes', unit: 'a volume', source: NOCLOUD },
  // attached as a CD-ROM; Proxmox's own cloud-init drive (cicustom) holds 4 MiB
  {
    name: 'proxmox',
    use: 'seed.iso',
    field: 'a CD-ROM of the machine',
    counts: 'bytes',
    unit: 'a volume',
    source: 'https://pve.proxmox.com/wiki/Cloud-Init_Support',
  },
  {
    name: 'aws',
    use: 'user-data.gz',
    field: 'UserData',
    counts: 'bytes',
    limit: 16_384,
    unit: 'raw, before base64',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html',
  },
  {
    name: 'azure',
    use: 'user-data.gz',
    field: 'osProfile.customData',
    counts: 'bytes',
    limit: 65_535,
    unit: 'raw, before base64',
    source: 'https://learn.microsoft.com/en-us/azure/virtual-machines/custom-data',
  },
  {
    // with the metadata key user-data-encoding: base64
    name: 'gcp',
    use: 'user-data.b64',
    field: 'metadata user-data, beside user-data-encoding=base64',
    counts: 'base64',
    limit: 262_144,
    unit: 'as base64 text',
    source: 'https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations',
  },
  {
    name: 'openstack',
    use: 'user-data.gz',
    field: 'user_data',
    counts: 'base64',
    limit: 65_535,
    unit: 'as base64 text',
    source: 'https://docs.openstack.org/nova/latest/user/metadata.html',
  },
  {
    // its datasource never decodes base64, so gzip cannot pass
    name: 'digitalocean',
    use: 'user-data',
    field: 'user_data',
    counts: 'bytes',
    limit: 65_536,
    unit: 'plain text',
    source: 'https://docs.digitalocean.com/reference/api/digitalocean/#operation/droplets_create',
  },
  {
    name: 'hetzner',
    use: 'user-data.b64',
    field: 'user_data',
    counts: 'base64',
    limit: 32_768,
    unit: 'as base64 text',
    source: 'https://docs.hetzner.cloud/reference/cloud#servers-create-a-server',
  },
  {
    // the same page also says "approximately 16kb encoded", which contradicts this number
    name: 'linode',
    use: 'user-data.b64',
    field: 'metadata.user_data',
    counts: 'bytes',
    limit: 65_535,
    unit: 'raw, before base64',
    source: 'https://techdocs.akamai.com/linode-api/reference/post-linode-instance',
  },
  {
    // shared with everything else in metadata and extendedMetadata
    name: 'oracle',
    use: 'user-data.b64',
    field: 'metadata.user_data',
    counts: 'base64',
    limit: 32_000,
    unit: 'as base64 text, with all other metadata',
    source: 'https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/updatinginstancemetadata.htm',
  },
  {
    // vm.userdata.max.length may be raised by the cloud's operator
    name: 'cloudstack',
    use: 'user-data.b64',
    field: 'userdata',
    counts: 'base64',
    limit: 32_768,
    unit: 'as base64 text, by POST',
    source: 'https://docs.cloudstack.apache.org/en/latest/adminguide/virtual_machines/user-data.html',
  },
  {
    // guestinfo.userdata with guestinfo.userdata.encoding=gzip+base64
    name: 'vsphere',
    use: 'user-data.b64',
    field: 'guestinfo.userdata, beside guestinfo.userdata.encoding=gzip+base64',
    counts: 'base64',
    limit: 65_536,
    unit: 'as base64 text in guestinfo',
    source: 'https://cloudinit.readthedocs.io/en/latest/reference/datasources/vmware.html',
  },
  {
    name: 'vsphere-cloudinitprep',
    use: 'user-data',
    field: 'CustomizationCloudinitPrep.userdata',
    counts: 'bytes',
    limit: 524_288,
    unit: 'plain text',
    source: 'https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/vim.vm.customization.CloudinitPrep.html',
  },
  {
    // by userDataSecretRef; inline userData takes 2,048 bytes, which nothing fits
    name: 'kubevirt',
    use: 'user-data',
    field: 'cloudInitNoCloud.secretRef, key userdata',
    counts: 'bytes',
    limit: 1_048_576,
    unit: 'plain text in a Secret',
    source: 'https://kubevirt.io/user-guide/user_workloads/startup_scripts/',
  },
  {
    name: 'exoscale',
    use: 'user-data.gz',
    field: 'user-data',
    counts: 'base64',
    limit: 32_768,
    unit: 'as base64 text',
    source: 'https://community.exoscale.com/product/compute/instances/how-to/cloud-init/',
  },
  {
    name: 'nebius',
    use: 'user-data',
    field: 'cloud_init_user_data',
    counts: 'bytes',
    limit: 32_768,
    unit: 'plain text',
    source: 'https://github.com/nebius/api/pull/133',
  },
  {
    name: 'oxide',
    use: 'user-data.gz',
    field: 'user_data',
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
export function platformOf({ node }: Pick<Payload, 'node'>): Platform {
  const platform = findPlatform(node.platform);
  invariant(platform, `there is no platform ${node.platform}`);
  return platform;
}

export const PACKED = 'user-data.packed';
/** Any file that a platform may be given. */
export type HandedOver = Platform['use'] | typeof PACKED;

/** @param made whether a node's artifacts have one of that name */
export function handedOver({ use }: Platform, made: (file: string) => boolean): HandedOver {
  return use === 'user-data' && made(PACKED) ? PACKED : use;
}

export function encodingOf(file: HandedOver): Encoding {
  if (file === 'seed.iso') return 'iso9660';
  if (file === 'user-data.b64') return 'gzip+base64';
  return file === 'user-data.gz' ? 'gzip' : 'text';
}

/** The artifact whose bytes a platform counts: base64 is text of another one. */
export function countedFile(file: HandedOver): Exclude<HandedOver, 'user-data.b64'> {
  return file === 'user-data.b64' ? 'user-data.gz' : file;
}

/** What a platform counts for an artifact of so many bytes. */
export function countedSize(platform: Platform, bytes: number): number {
  return platform.counts === 'base64' ? base64Length(bytes) : bytes;
}

export function base64Length(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}

// bake.iso: a NoCloud seed that makes a machine bake itself, check itself and power off. It holds the image directory, so nothing else is needed.
import { writeIso } from '../formats/iso9660-writer.ts';
import { dumpYaml } from '../formats/yaml.ts';
import { type Artifact, bytesOf } from './artifact.ts';
import { SEED_LABEL } from './seed-iso.ts';

/** Its own unit, behind the end of cloud-init: what cloud-init leaves behind is what has to be cleaned away. The verdict is a line on the console. */
const BAKE = [
  'image=/run/kubekiln-image',
  'mkdir -p $image',
  `mount -o ro LABEL=${SEED_LABEL} $image || mount -o ro LABEL=${SEED_LABEL.toLowerCase()} $image`,
  // Words that Packer hands over: the asset tag of the board (SMBIOS type 2).
  'options=$(sed -n "s/^kubekiln-bake//p" /sys/class/dmi/id/board_asset_tag 2>/dev/null)',
  'if sh $image/bake --this-machine $options; then verdict="ok $(sha256sum <$image/SHA256SUMS | cut -c1-64)"; else verdict=failed; fi',
  'echo "kubekiln: bake: verdict: $verdict"',
  // The first serial line need not be the console.
  'for line in /dev/ttyS0 /dev/ttyAMA0; do [ ! -c $line ] || echo "kubekiln: bake: verdict: $verdict" >$line || :; done 2>/dev/null',
  'systemctl poweroff',
].join('\n');

const USER_DATA = `#cloud-config\n${dumpYaml({
  // Nobody has to log in, and an account would stay.
  users: [],
  runcmd: [
    [
      ...['systemd-run', '--no-block', '--unit=kubekiln-bake', '--property=After=cloud-final.service'],
      ...['--property=StandardOutput=journal+console', '--property=StandardError=journal+console'],
      ...['/bin/sh', '-c', BAKE],
    ],
  ],
})}`;

/** Below image/: the seed's own files, plain, for who brings them in another way. */
export const BAKE_SEED_FILES: Readonly<Record<string, string>> = {
  'meta-data': dumpYaml({ 'instance-id': 'kubekiln-bake', 'local-hostname': 'kubekiln-bake' }),
  'user-data': USER_DATA,
};

/** @param files of the image directory, without its folders */
export function bakeSeedIso(files: readonly Artifact[]): Uint8Array {
  const members = files.map(({ path, mode, content }) => ({ name: path.slice(path.indexOf('/') + 1), mode, content }));
  return writeIso(
    SEED_LABEL,
    [...members, { name: 'vendor-data', mode: 0o644, content: bytesOf('') }].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  );
}

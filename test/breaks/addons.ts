// Manifests of the operator, and passwords of registries.
import { type Break, swapped, without } from './break.ts';

const APPLY = 'templates/kubekiln-addons.sh';
const REGISTRIES = 'src/components/registries.ts';

export const ADDON_BREAKS: readonly Break[] = [
  {
    name: 'a manifest that is written anew',
    file: 'src/components/addons.ts',
    ...swapped('    content,\n', '    content: content.replace(/0640/g, "640"),\n'),
    tests: ['plan/addons'],
    why: 'YAML 1.1 and 1.2 read the same number differently: a mode of a file becomes another one',
  },
  {
    name: 'a manifest with a certificate in it',
    file: 'src/emit/runtime-archive.ts',
    ...swapped('(file.fromOperator || !file', '(!file'),
    tests: ['plan/addons'],
    why: 'a build that stops with a bug at a ConfigMap with a CA',
  },
  {
    name: 'a file of a directory that came after the last build',
    file: 'src/cli/last-build.ts',
    ...swapped('digestOf(found) : found]', 'digestOf(found) : undefined]'),
    tests: ['cli/addons'],
    why: 'the build says that nothing changed',
    program: true,
  },
  {
    name: 'an image of an add-on in short',
    file: 'src/spec/manifest.ts',
    ...swapped('else images.add(image);', 'else images.add(String(value));'),
    tests: ['plan/addons'],
    why: 'the table lists what no runtime calls so',
  },
  {
    name: 'the password of one registry for the others',
    file: REGISTRIES,
    ...swapped('credential.host === host)', 'credential.host === host || host !== "")'),
    tests: ['plan/registries'],
    why: 'a mirror learns the password of another',
  },
  {
    name: 'a password that every user of a node reads',
    file: REGISTRIES,
    ...swapped('mode: secret ? 0o600 : 0o644', 'mode: 0o644'),
    tests: ['plan/registries'],
    why: 'so does every pod with a directory of the host',
  },
  {
    name: 'a password of a registry that is shown',
    file: 'src/inspect/redact.ts',
    ...without("    .replace(BASIC, '$1(redacted)')\n"),
    tests: ['cli/addons'],
    why: 'it stands in a report of somebody',
    program: true,
  },
];

export const ADDON_BOOT_BREAKS: readonly Break[] = [
  {
    name: 'node: add-ons are applied again at each boot',
    file: APPLY,
    ...without('  [ -n "$addons" ] || remember kubekiln-addons\n'),
    tests: ['boot/addons'],
    why: "an operator's edit is undone by a reboot",
  },
  {
    name: 'node: the first add-on that fails is the last one',
    file: APPLY,
    ...swapped('      again="$again $addon"\n', '      again=$addons\n      break\n'),
    tests: ['boot/addons'],
    why: 'a definition that stands behind its objects never comes',
  },
];

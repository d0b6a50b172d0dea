// What platforms that take no bytes are given, and the operator's parts beside it.
import { type Break, swapped, without } from './break.ts';

const USER_DATA = 'src/emit/user-data.ts';
const PARTS = 'src/spec/user-data-parts.ts';
const READ = 'emit/encodings';
const INSPECTED = 'inspect/encodings';

export const ENCODING_BREAKS: readonly Break[] = [
  {
    name: "an operator's way of merging counts for kubekiln's part",
    file: USER_DATA,
    ...swapped('headers: [MERGE], content: own', 'headers: [], content: own'),
    tests: [READ],
    why: 'a part that replaces lists takes away the payload, and no node comes up',
  },
  {
    name: "kubekiln's part is the first",
    file: USER_DATA,
    ...swapped(
      "[...others, { type: 'text/cloud-config', name: OWN_PART, headers: [MERGE], content: own }]",
      "[{ type: 'text/cloud-config', name: OWN_PART, headers: [MERGE], content: own }, ...others]",
    ),
    tests: [READ],
    why: "the operator's lists replace kubekiln's",
  },
  {
    name: 'text that is not ASCII goes into a part as it is',
    file: 'src/formats/mime.ts',
    ...swapped('const plain = PLAIN.test(part.content);', 'const plain = part.content.length > 0;'),
    tests: [READ],
    why: "Python's email package loses it",
  },
  {
    name: 'the archive of packed user-data stays on the node',
    file: 'templates/stage.sh',
    ...without('rm -f $0.tar\n'),
    tests: [READ],
    why: 'all keys of the node stand there a second time',
  },
  {
    name: 'an archive that cannot be unpacked is passed over',
    file: 'templates/stage.sh',
    ...swapped('echo "kubekiln: STOPPED at payload: $why: $(df $0 | tail -n 1)"; exit 1; }', 'true; }'),
    tests: [READ],
    why: 'the console says that cloud-init wrote nothing, though it did',
  },
  {
    name: 'base64 that is not clean is read as far as it goes',
    file: 'src/inspect/carrier.ts',
    ...swapped("decoded.toString('base64') !== text", "decoded.toString('base64') === '' && text"),
    tests: [INSPECTED],
    why: 'a damaged paste passes',
  },
  {
    name: 'a part may name the host',
    file: PARTS,
    ...without('  hostname: "the node\'s name is its host name",\n'),
    tests: ['spec/vectors'],
    why: 'the node registers under another name than its certificates have',
  },
  {
    name: 'a private key in a part passes',
    file: PARTS,
    ...swapped('if (key) at(', 'if (key && given.length === 0) at('),
    tests: ['spec/vectors'],
    why: 'whoever reads user-data of any node has it',
  },
];

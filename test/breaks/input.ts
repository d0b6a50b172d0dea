// cluster.yaml: what is refused, and that nothing in it is ever more than data. Single rules are taken away one by one in test/spec/vectors.test.ts.
import { type Break, swapped, without } from './break.ts';

const FORMATS = 'src/spec/text-formats.ts';

export const INPUT_BREAKS: readonly Break[] = [
  {
    name: 'the same key twice',
    file: 'src/formats/yaml-positions.ts',
    ...swapped(
      "    if (first)\n      builder.problems.push({\n        kind: 'duplicate-key',",
      "    if (first && name === '')\n      builder.problems.push({\n        kind: 'duplicate-key',",
    ),
    tests: ['spec/vectors'],
    why: 'the last one wins, and nobody knows',
  },
  {
    name: 'several documents',
    file: 'src/formats/yaml-positions.ts',
    ...swapped('if (second) builder', 'if (second === undefined && events.length < 0) builder'),
    tests: ['spec/vectors'],
    why: 'half of the file is ignored',
  },
  {
    name: 'no, 0600 and other words that YAML 1.1 reads differently',
    file: 'src/spec/read-cluster.ts',
    ...without('...ambiguousScalars(source), '),
    tests: ['spec/vectors'],
    why: 'another tool reads another value',
  },
  {
    name: 'unknown keys',
    file: 'src/spec/field.ts',
    ...swapped('z.strictObject(shape)', 'z.object(shape)'),
    tests: ['spec/vectors'],
    why: 'a misspelt setting is silently the default',
  },
  {
    name: 'marks that reorder what a reader sees',
    file: 'src/spec/text-format.ts',
    ...swapped('\\\\u2028-\\\\u202e', '\\\\u2028-\\\\u202d'),
    tests: ['spec/hostile-names'],
    why: 'a reviewer reads another value than the machine',
  },
  {
    name: 'line breaks in a flag',
    file: 'src/spec/text-format.ts',
    ...swapped("'[^\\\\u0000-\\\\u001f", "'[^\\\\u0000-\\\\u0009\\\\u000b-\\\\u001f"),
    tests: ['spec/hostile-names'],
    why: 'a line of its own in a unit',
  },
  {
    name: '% in a path',
    file: FORMATS,
    ...swapped('/[^A-Za-z0-9._/@-]/u', '/[^A-Za-z0-9._/@%-]/u'),
    tests: ['spec/hostile-names', 'build/hostile-fields#spec.paths'],
    why: 'systemd expands it',
  },
  {
    name: 'blanks in a path',
    file: FORMATS,
    ...swapped('/[^A-Za-z0-9._/@-]/u', '/[^ A-Za-z0-9._/@-]/u'),
    tests: ['spec/hostile-names'],
    why: 'the installer reads words',
  },
  {
    name: 'paths that no archive holds',
    file: FORMATS,
    ...swapped('clean.length > PATH_LIMIT || ', ''),
    tests: ['spec/vectors', 'build/hostile-fields#spec.paths'],
    why: 'build would end as a bug of ours instead of naming the line',
  },
  {
    name: 'system:masters as O of the subject',
    file: FORMATS,
    ...swapped('^(?!system:|kubeadm:)${VISIBLE}', '^${VISIBLE}'),
    tests: ['spec/vectors'],
    why: 'every certificate would be an administrator',
  },
  {
    name: 'anything as the name of a node',
    file: FORMATS,
    ...swapped(
      "'node-name': {\n    code: 'bad-name',\n    pattern: new RegExp(`^${LABEL}(\\\\.${LABEL})*$`)",
      "'node-name': {\n    code: 'bad-name',\n    pattern: new RegExp(`^${LABEL}(\\\\.${LABEL})*`)",
    ),
    tests: ['spec/hostile-names', 'build/hostile-fields#nodes.*name'],
    why: 'it stands in a DN, a unit, a path and --initial-cluster',
  },
  {
    name: 'etcd without client certificates, by extraArgs',
    file: 'src/spec/reserved-flags.ts',
    ...without(
      "  'client-cert-auth': { reason: 'whoever reaches etcd without a certificate owns the cluster', refuses: value => value !== 'true' },\n",
    ),
    tests: ['spec/vectors'],
    why: 'whoever reaches etcd owns the cluster',
  },
  {
    name: 'LD_PRELOAD by extraEnvs',
    file: 'src/spec/rules/flags.ts',
    ...swapped('/^LD_/.test(name)', '/^LD__/.test(name)'),
    tests: ['spec/vectors'],
    why: 'it changes the program itself',
  },
  {
    name: 'control characters of cluster.yaml reach the terminal',
    file: 'src/render-problems.ts',
    ...swapped('.replace(/[\\p{Cc}', '.replace(/[\\u0007'),
    tests: ['spec/render-problems'],
    why: 'a file could write over what the operator reads',
  },
];

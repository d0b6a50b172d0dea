// Files on the operator's disk: whole or not at all, durable, private, and never over somebody else's.
import { type Break, swapped, without } from './break.ts';

const FILE = 'src/write/atomic-file.ts';
const TREE = 'src/write/replace-tree.ts';
const LOCK = 'src/write/lock.ts';
const LAST_BUILD = 'src/cli/last-build.ts';

export const WRITING_BREAKS: readonly Break[] = [
  {
    name: 'no fsync of a file',
    file: FILE,
    ...swapped('fchmodSync(descriptor, mode);\n    fsyncSync(descriptor);', 'fchmodSync(descriptor, mode);'),
    tests: ['write/durable'],
    why: 'after a power cut secrets.yaml is empty',
  },
  {
    name: 'no fsync of the directory of a file',
    file: FILE,
    ...without('    syncDirectory(dirname(path));\n'),
    tests: ['write/durable'],
    why: 'after a power cut the old secrets.yaml is back, and the new nodes are strangers',
  },
  {
    name: 'no rename: written in place',
    file: FILE,
    ...swapped('temporary => renameSync(temporary, target)', '() => writeFileSync(target, content)'),
    tests: ['write/durable'],
    why: 'a run that is killed leaves half a secrets.yaml',
  },
  {
    name: 'a temporary file that others may read',
    file: FILE,
    ...swapped("openSync(path, 'wx', 0o600)", "openSync(path, 'wx', 0o644)"),
    tests: ['write/durable'],
    why: 'for a moment the keys are open',
  },
  {
    name: 'no fsync of the files of a tree',
    file: TREE,
    ...swapped('open.map(descriptor => promisify(fsync)(descriptor))', 'open.map(() => promisify(fsync).length)'),
    tests: ['write/durable'],
    why: 'after a power cut artifacts are empty, under their final names',
  },
  {
    name: 'fsync of the files of a tree is not awaited',
    file: TREE,
    ...swapped(
      'const synced = await Promise.allSettled(open.map(descriptor => promisify(fsync)(descriptor)));',
      'const synced = await Promise.allSettled(open.slice(1).map(descriptor => promisify(fsync)(descriptor)));',
    ),
    tests: ['write/durable'],
    why: 'after a power cut an artifact is empty, under its final name',
  },
  {
    name: 'no fsync of the directories of a tree',
    file: TREE,
    ...without("    for (const path of ['.', ...directories]) syncDirectory(join(fresh, path));\n"),
    tests: ['write/durable'],
    why: 'after a power cut artifacts are missing',
  },
  {
    name: 'no fsync after a tree took its place',
    file: TREE,
    ...without('  syncDirectory(dirname(directory));\n'),
    tests: ['write/durable'],
    why: 'after a power cut the old tree is back, or none',
  },
  {
    name: 'a tree that cannot take its place, and the old one is gone',
    file: TREE,
    ...without('    if (existsSync(old)) renameSync(old, directory);\n    throw error;\n'),
    tests: ['write/durable'],
    why: 'a failed build must leave the old output',
  },
  {
    name: 'what a killed run left is not repaired',
    file: TREE,
    ...without('    else renameSync(old, directory);\n'),
    tests: ['write/replace-tree'],
    why: 'the output is gone until somebody looks for a hidden directory',
  },
  {
    name: "somebody else's files",
    file: 'src/write/output-ownership.ts',
    ...swapped(
      'const foreign = present.filter(path => !owned.has(path));',
      "const foreign = present.filter(path => !owned.has(path) && path === '');",
    ),
    tests: ['write/replace-tree'],
    why: 'a wrong --out-dir costs a home directory',
  },
  {
    name: 'build does not ask whose directory it is',
    file: 'src/cli/build-from-disk.ts',
    ...swapped('if (foreign !== undefined) return', "if (foreign?.message === '') return"),
    tests: ['cli/commands#files of others'],
    why: 'a wrong --out-dir costs a home directory',
    program: true,
  },
  {
    name: 'a record of the last build that anybody could write',
    file: LAST_BUILD,
    ...swapped('if (text !== proven(claim, input.secretsFile.text)) return undefined;', ''),
    tests: ['cli/last-build'],
    why: 'whoever can write into out/ decides what a node trusts',
    program: true,
  },
  {
    name: 'the output of the last build is not looked at',
    file: LAST_BUILD,
    ...swapped('if (digestOf(bytes) !== manifest) return false;', 'if (digestOf(bytes) !== manifest) return true;'),
    tests: ['cli/last-build'],
    why: 'a damaged seed is called up to date',
    program: true,
  },
  {
    name: 'a warning about a date is remembered',
    file: LAST_BUILD,
    ...swapped('lockText === input.lockFile?.text && isQuiet(quiet, input.now)', 'lockText === input.lockFile?.text'),
    tests: ['cli/last-build'],
    why: 'certificates are said to expire when they do not',
    program: true,
  },
  {
    name: 'the lock is ignored',
    file: LOCK,
    ...swapped('if (other === undefined) {', "if (other?.state !== 'wanted') {"),
    tests: ['write/lock'],
    why: 'two builds mix',
  },
  {
    name: "a dead run's lock holds for ever",
    file: LOCK,
    ...swapped('if (holder.boot !== me.boot) return false;', 'if (holder.boot !== me.boot) return true;'),
    tests: ['write/lock'],
    why: 'no build after a power cut',
  },
  {
    name: 'the umask decides about modes',
    file: FILE,
    ...without('    fchmodSync(descriptor, mode);\n'),
    tests: ['write/atomic-file'],
    why: 'a lock file that the group cannot read, or keys that it can',
  },
];

// npm run build: dist/ with the entry, which answers --help and version, and the program, which it loads with its code cache for everything else.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
const dist = join(root, 'dist');
// built beside dist/ and put in its place whole: another process may be running the old one
const fresh = join(root, 'build', `dist-${process.pid}`);

// yargs loads these for help texts, which kubekiln writes itself (src/cli/help-text.ts); what they prepare takes a fifth of a build's time.
const withoutHelpOfYargs = without('help-of-yargs', /^(cliui|string-width)$/);

// The entry knows the commands, for their help, and answers `version`; the program runs the rest.
const withoutCommands = without(
  'commands',
  /^\.\.\//,
  ({ kind, path }) => kind === 'dynamic-import' && !path.endsWith('/kubernetes-releases.ts'),
);

const withoutProgram = {
  name: 'without-program',
  setup(bundler) {
    bundler.onResolve({ filter: /\/run-program\.ts$/ }, () => ({ path: join(root, 'src/cli/load-program.ts') }));
  },
};

const common = {
  absWorkingDir: root,
  outdir: fresh,
  bundle: true,
  // node starts it in three quarters of the time that a module takes
  format: 'cjs',
  supported: { 'dynamic-import': false },
  platform: 'node',
  target: 'node20.19',
  // a CommonJS package that is imported lazily would lose its names
  mainFields: ['module', 'main'],
  // src/cli/program-digest.ts says what for
  define: { KUBEKILN_SOURCES: JSON.stringify(sourcesDigest()), 'import.meta.url': 'bundleUrl' },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};

const entry = await build({
  ...common,
  entryPoints: { kubekiln: 'src/cli/main.ts' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [withoutCommands, withoutProgram],
});
// src/cli/load-program.ts says how it is loaded
const program = await build({
  ...common,
  entryPoints: { program: 'src/cli/run-program.ts' },
  outExtension: { '.js': '.cjs' },
  banner: { js: '(function (exports, require, module, bundleUrl) {' },
  footer: { js: '})' },
  plugins: [withoutHelpOfYargs],
});
writeFileSync(join(fresh, 'package.json'), '{"type": "commonjs"}\n');
escapeNonAscii(join(fresh, 'program.cjs'));
// as src/cli/load-program.ts looks for it
const cacheName = `program-${process.version}-${process.platform}-${process.arch}-${cachedDataVersionTag().toString(16)}.cache`;
writeFileSync(join(fresh, cacheName), await codeCacheOf(join(fresh, 'program.cjs')));
chmodSync(join(fresh, 'kubekiln.js'), 0o755);
writeFileSync(join(fresh, 'THIRD-PARTY-LICENSES.txt'), licencesOf(Object.keys({ ...entry.metafile.inputs, ...program.metafile.inputs })));
const old = `${fresh}-old`;
if (existsSync(dist)) renameSync(dist, old);
renameSync(fresh, dist);
rmSync(old, { recursive: true, force: true });

/** Leaves out modules that the bundle names and never needs. */
function without(what, filter, isUnused = () => true) {
  const namespace = `without-${what}`;
  return {
    name: namespace,
    setup(bundler) {
      bundler.onResolve({ filter }, found => (isUnused(found) ? { path: found.path, namespace } : undefined));
      bundler.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
        contents: `export default () => { throw new Error('${path} is not part of the bundle'); };`,
      }));
    },
  };
}

/** It is read as one byte for each character; esbuild leaves regular expressions and comments as they are. */
function escapeNonAscii(file) {
  const escaped = readFileSync(file, 'utf8').replace(/[^\0-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  writeFileSync(file, escaped);
}

/** What V8 has compiled of the program when it has made a cluster: what most runs need. */
async function codeCacheOf(file) {
  const script = new Script(readFileSync(file, 'latin1'), { filename: file });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, process.getBuiltinModule, module, pathToFileURL(file).href);
  const project = mkdtempSync(join(tmpdir(), 'kubekiln-build-'));
  const { stdout } = process;
  const write = stdout.write;
  stdout.write = (_text, done) => {
    done?.();
    return true;
  };
  try {
    for (const words of [['init', 'sample', '--control-plane', '10.0.0.11,10.0.0.12,10.0.0.13'], ['build'], ['build']]) {
      await module.exports.runProgram([...words, '--file', join(project, 'cluster.yaml')]);
      if (process.exitCode !== 0) throw new Error(`kubekiln ${words.join(' ')} ended with ${process.exitCode}`);
    }
    return script.createCachedData();
  } finally {
    stdout.write = write;
    rmSync(project, { recursive: true, force: true });
  }
}

function sourcesDigest() {
  const hash = createHash('sha256');
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  const files = sources.map(({ parentPath, path = parentPath, name }) => join(path, name)).sort();
  for (const file of [...files, join(root, 'package-lock.json'), join(root, 'bundle.mjs')])
    hash.update(`\0${file.slice(root.length)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** The licence texts of the packages inside the bundle: they ask to be passed on. */
function licencesOf(inputs) {
  const packages = new Set(inputs.map(path => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(name => name !== undefined));
  return [...packages].sort().map(licenceOf).join('\n');
}

function licenceOf(name) {
  const directory = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const file = existsSync(directory) && readdirSync(directory).find(entry => /^licen[cs]e/i.test(entry));
  return `${'='.repeat(80)}\n${name} ${version} (${license})\n\n${file ? readFileSync(join(directory, file), 'utf8') : ''}`;
}

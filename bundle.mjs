// npm run build: the program as one entry and lazily loaded chunks in dist/. One file per command's weight is what makes --help and version fast.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
const dist = join(root, 'dist');
// built beside dist/ and put in its place whole: another process may be running the old one
const fresh = join(root, 'build', `dist-${process.pid}`);

// yargs loads these for help texts, which kubekiln writes itself (src/cli/help-text.ts); what they prepare takes a fifth of a build's time.
const unusedPartsOfYargs = {
  name: 'unused-parts-of-yargs',
  setup(bundler) {
    bundler.onResolve({ filter: /^(cliui|string-width)$/ }, ({ path }) => ({ path, namespace: 'unused' }));
    bundler.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: `export default () => { throw new Error('${path} is not part of the bundle'); };`,
    }));
  },
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { kubekiln: 'src/cli/main.ts' },
  outdir: fresh,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // a CommonJS package that is imported lazily would lose its names
  mainFields: ['module', 'main'],
  chunkNames: 'chunks/[name]-[hash]',
  // some packages are CommonJS and call require for node's own modules
  banner: { js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);" },
  // src/cli/program-digest.ts says what for
  define: { KUBEKILN_SOURCES: JSON.stringify(sourcesDigest()) },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  plugins: [unusedPartsOfYargs],
});
chmodSync(join(fresh, 'kubekiln.js'), 0o755);
writeFileSync(join(fresh, 'THIRD-PARTY-LICENSES.txt'), licencesOf(Object.keys(metafile.inputs)));
const old = `${fresh}-old`;
if (existsSync(dist)) renameSync(dist, old);
renameSync(fresh, dist);
rmSync(old, { recursive: true, force: true });

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

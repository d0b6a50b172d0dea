import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseYaml } from '../../src/formats/yaml.ts';
import { explainField, fieldReference } from '../../src/spec/explain.ts';
import { type Field, fieldTree } from '../../src/spec/fields.ts';
import { clusterJsonSchema } from '../../src/spec/json-schema.ts';
import { vectors } from './vectors.ts';

function allFields(field: Field): readonly Field[] {
  return [field, ...field.children.flatMap(allFields)];
}

describe('docs/cluster.md', () => {
  it('is up to date (node build/src/spec/write-reference.js writes it)', () =>
    assert.equal(readFileSync('docs/cluster.md', 'utf8'), fieldReference()));
});

describe('explainField', () => {
  it('explains a field with type, default and example', () => {
    assert.equal(
      explainField('spec.networking.podSubnet').text,
      `spec.networking.podSubnet  <text>\n  Addresses of pods; the same families in the same order as serviceSubnet.\n  default: 10.244.0.0/16\n  example: 10.244.0.0/16,fd00:244::/56\n`,
    );
  });

  it('explains every field of the tree, by its own path and without brackets', () => {
    for (const field of allFields(fieldTree())) {
      assert.ok(explainField(field.path).text?.includes(field.description.split(' ')[0] ?? ''), field.path);
      assert.equal(explainField(field.path.replaceAll('[]', '')).text, explainField(field.path).text);
      assert.notEqual(field.description, '', `${field.path} has no description`);
    }
  });

  it('says what an image must hold', () => {
    const text = explainField('spec.binaries.source').text ?? '';
    for (const program of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd', 'etcdctl', 'openssl', 'curl'])
      assert.match(text, new RegExp(program));
  });

  it('suggests a field for a misspelt one', () => {
    assert.equal(explainField('spec.nodez').problem?.hint, 'did you mean "nodes"?');
    assert.equal(explainField('spec.nodes.address.x').problem?.code, 'unknown-key');
  });
});

const jsonschema = spawnSync('python3', ['-c', 'import jsonschema']).status === 0;
const skip = jsonschema || process.env.CI !== undefined ? false : 'python3-jsonschema is not installed';

describe('clusterJsonSchema', () => {
  /** Which documents a JSON Schema validator of its own accepts. */
  function accepted(documents: readonly unknown[]): readonly boolean[] {
    const program = `import sys, json, jsonschema
given = json.load(sys.stdin)
jsonschema.Draft202012Validator.check_schema(given["schema"])
validator = jsonschema.Draft202012Validator(given["schema"])
print(json.dumps([validator.is_valid(document) for document in given["documents"]]))`;
    const run = spawnSync('python3', ['-W', 'ignore', '-c', program], {
      input: JSON.stringify({ schema: clusterJsonSchema(), documents }),
      encoding: 'utf8',
    });
    assert.equal(run.status, 0, run.stderr);
    return JSON.parse(run.stdout) as boolean[];
  }

  it('accepts what is valid, and refuses what the schema refuses', { skip }, () => {
    const schemaCodes = new Set([
      'unknown-key',
      'refused-key',
      'not-supported-yet',
      'wrong-type',
      'missing-key',
      'not-allowed',
      'out-of-range',
      'bad-name',
      'bad-version',
      'bad-subject',
      'bad-label',
    ]);
    const judged = vectors.flatMap(vector => {
      const parsed = parseYaml(
        Buffer.from(vector.bytes)
          .toString('utf8')
          .replace(/^\ufeff/, ''),
      );
      if (parsed.problems.length > 0 || parsed.value === null || parsed.value === undefined) return [];
      if (vector.file.startsWith('valid-')) return [{ vector, document: parsed.value, valid: true }];
      const refused = [...vector.codes].some(code => schemaCodes.has(code));
      // Lengths, and the format of keys, are beyond the patterns.
      return refused && !/long|digits|label-key/.test(vector.file) ? [{ vector, document: parsed.value, valid: false }] : [];
    });
    assert.ok(judged.length > 40, `${judged.length}`);
    const results = accepted(judged.map(({ document }) => document));
    for (const [index, { vector, valid }] of judged.entries()) assert.equal(results[index], valid, vector.file);
  });

  it('accepts the examples', { skip }, () => {
    const documents = ['minimal', 'ha'].map(name => parseYaml(readFileSync(`examples/${name}/cluster.yaml`, 'utf8')).value);
    assert.deepEqual(accepted(documents), [true, true]);
  });
});

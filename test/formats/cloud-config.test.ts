import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readCloudConfig, writeCloudConfig } from '../../src/formats/cloud-config.ts';
import { FormatError } from '../../src/formats/format-error.ts';
import { gzip } from '../../src/formats/gzip.ts';
import { readPlainCloudConfig } from '../../src/formats/plain-cloud-config.ts';
import { parseYaml } from '../../src/formats/yaml.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const LIMIT = 1_000_000;
/** Texts that break writers of YAML: indented first lines, missing and superfluous newlines, look-alikes of other types, control characters. */
const TRICKY = [
  '',
  '\n',
  '\n\n',
  ' indented\nfirst line\n',
  '\ttab\n',
  'no newline at the end',
  'two newlines at the end\n\n',
  'trailing blanks  \n \n',
  '# comment\n',
  '--- \n...\n',
  'no',
  '0600',
  '{{ jinja }}\n${shell} %percent\n',
  'carriage\r\nreturn\r',
  'next line \u0085 and separators \u2028\u2029\n',
  'bell \u0007 and escape \u001b[31m\n',
  '- list\nkey: value\n',
  'emoji 🔥 and bom \ufeff\n',
  'quotes \' and " and \\ \n',
  `${'long line '.repeat(500)}\n`,
];
const texts = fc.oneof(
  fc.constantFrom(...TRICKY),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .array(fc.constantFrom(' ', '\n', '\t', 'a', '#', ':', '-', "'", '"', '\r', '|', '>', '\u00a0'), { maxLength: 20 })
    .map(parts => parts.join('')),
);

const PYTHON = `
import base64, json, sys, yaml
for path in sys.argv[1:]:
    with open(path, 'rb') as file:
        config = yaml.safe_load(file)
    print(json.dumps([config['bootcmd'], [[f['path'], f['permissions'], f['content']] for f in config['write_files']]]))
`;

function fault(text: string): string {
  try {
    readCloudConfig(Buffer.from(text), LIMIT);
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    return error.fault;
  }
  return 'none';
}

const hasPyYaml = () => missingTool('/usr/bin/python3');

describe('writeCloudConfig', () => {
  it('is read back by our own reader', () => {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 5 }), texts, (contents, bootScript) => {
        const files = contents.map((content, index) => ({ path: `/p/${index}`, mode: 0o600 + index, content }));
        const read = readCloudConfig(Buffer.from(writeCloudConfig({ bootScript, files })), LIMIT);
        assert.deepEqual(
          read.files.map(file => ({ ...file, content: Buffer.from(file.content).toString('utf8') })),
          files,
        );
        assert.deepEqual(read.bootCommands, [bootScript]);
      }),
      { numRuns: 300 },
    );
  });

  it('says what the YAML library would, whether it takes the short way or not', () => {
    const plain = fc
      .tuple(fc.constantFrom('a', '', ' ', '  ', '\n'), fc.stringMatching(/^[ -~\n]{0,40}$/), fc.constantFrom('', 'z'))
      .map(([first, text, last]) => `${first}${text}${last}\n`);
    fc.assert(
      fc.property(fc.array(fc.oneof(plain, texts), { maxLength: 5 }), fc.oneof(plain, texts), (contents, bootScript) => {
        const files = contents.map((content, index) => ({ path: `/p/${index}`, mode: 0o600, content }));
        const entries = files.map(({ path, content }) => ({ path, permissions: '0600', content }));
        const expected = { bootcmd: [['sh', '-c', bootScript]], write_files: entries };
        assert.deepEqual(parseYaml(writeCloudConfig({ bootScript, files })).value, expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('is read in the same way by PyYAML, which cloud-init uses', { skip: hasPyYaml() }, t => {
    const directory = temporaryDirectory(t);
    const samples = [TRICKY, ...fc.sample(fc.array(texts, { minLength: 1, maxLength: 8 }), { numRuns: 60, seed: 7 })];
    const paths = samples.map((contents, index) => {
      const files = contents.map((content, number) => ({ path: `/p/${number}`, mode: 0o600, content }));
      const path = join(directory, `${index}.yaml`);
      writeFileSync(path, writeCloudConfig({ bootScript: contents[0] ?? '', files }));
      return path;
    });
    const output = execFileSync('/usr/bin/python3', ['-c', PYTHON, ...paths], { encoding: 'utf8' })
      .trim()
      .split('\n');
    samples.forEach((contents, index) => {
      const [commands, files] = JSON.parse(output[index] ?? '');
      assert.deepEqual(commands, [['sh', '-c', contents[0]]]);
      assert.deepEqual(
        files,
        contents.map((content, number) => [`/p/${number}`, '0600', content]),
      );
    });
  });
});

describe('readPlainCloudConfig', () => {
  const files = [
    { path: '/a', mode: 0o600, content: 'one\n\n  two: |\n- path: /b\n' },
    { path: '/b', mode: 0o700, content: '#!/bin/sh\nexit\n' },
  ];
  const written = writeCloudConfig({ bootScript: 'true\n\nfalse\n', files });

  it('reads what is written for plain texts', () => {
    assert.deepEqual(readPlainCloudConfig(written), { bootScript: 'true\n\nfalse\n', files });
  });

  it('reads nothing in another way than YAML does', () => {
    const lines = fc.constantFrom(
      '',
      ' ',
      '  ',
      '   ',
      '    ',
      ' x',
      '  x',
      '-',
      '- path: /c',
      ' path: /c',
      " permissions: '0600'",
      ' content: |',
      'write_files:',
      '...',
    );
    const pieces = fc.oneof(
      fc.constantFrom(...' \n\t#:-|>\'"&*!%@0{[/~\u00e9', '  ', '\n  ', '    ', '\n    '),
      lines.map(line => `\n${line}\n`),
    );
    const edits = fc.array(fc.record({ at: fc.nat(written.length), cut: fc.nat(3), piece: fc.oneof(pieces, fc.constant('')) }), {
      maxLength: 3,
    });
    let accepted = 0;
    fc.assert(
      fc.property(edits, list => {
        const text = list.reduce((all, { at, cut, piece }) => all.slice(0, at) + piece + all.slice(at + cut), written);
        const plain = readPlainCloudConfig(text);
        if (plain === undefined) return;
        accepted++;
        const bootcmd = [['sh', '-c', plain.bootScript]];
        const entries = plain.files.map(({ path, mode, content }) => ({ path, permissions: mode.toString(8).padStart(4, '0'), content }));
        assert.deepEqual(parseYaml(text).value, { bootcmd, write_files: entries });
      }),
      { numRuns: 3000 },
    );
    assert.ok(accepted > 300, `${accepted} read`);
  });
});

describe('readCloudConfig', () => {
  it('decodes the encodings that cloud-init knows', () => {
    const base64 = Buffer.from('hello').toString('base64');
    const packed = Buffer.from(gzip(Buffer.from('hello'))).toString('base64');
    const entries = [
      ['b64', base64],
      ['base64', base64],
      ['gz+b64', packed],
      ['gzip+base64', packed],
      ['text/plain', 'hello'],
    ];
    const text = entries
      .map(([encoding, content], index) => `- {path: /p/${index}, encoding: ${encoding}, content: "${content}"}`)
      .join('\n');
    const { files } = readCloudConfig(Buffer.from(`#cloud-config\nwrite_files:\n${text}\n`), LIMIT);
    for (const file of files) assert.equal(Buffer.from(file.content).toString(), 'hello');
    assert.equal(files[0]?.mode, 0o644);
  });

  it('refuses what cloud-init would misread', () => {
    assert.equal(fault('bootcmd: []\n'), 'unsupported');
    assert.equal(fault('#cloud-configuration\n{}\n'), 'unsupported');
    assert.equal(fault('#cloud-config\n- a\n'), 'damaged');
    assert.equal(fault('#cloud-config\nwrite_files: {}\n'), 'damaged');
    assert.equal(fault('#cloud-config\nwrite_files: [{content: a}]\n'), 'damaged');
    assert.equal(fault('#cloud-config\nwrite_files: [{path: /a, permissions: 0600}]\n'), 'damaged');
    assert.equal(fault('#cloud-config\nwrite_files: [{path: /a, encoding: rot13}]\n'), 'unsupported');
    assert.equal(fault('#cloud-config\na: 1\na: 2\n'), 'damaged');
    assert.equal(fault('#cloud-config\na: [\n'), 'damaged');
  });

  it('holds no more than the limit', () => {
    const bomb = Buffer.from(gzip(Buffer.alloc(3_000_000))).toString('base64');
    assert.equal(fault(`#cloud-config\nwrite_files: [{path: /a, encoding: gz+b64, content: ${bomb}}]\n`), 'too-large');
  });
});

// A reader of systemd units, written from the manual pages and not from src/formats/systemd.ts: what it reads is what systemd would do.
import assert from 'node:assert/strict';

export interface UnitSetting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** systemd.syntax(7): sections, settings, lines that end in a backslash, comments. @throws AssertionError for a line that is none of them */
export function readUnit(text: string): readonly UnitSetting[] {
  let section = '';
  const settings: UnitSetting[] = [];
  for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
    if (line === '' || /^[#;]/.test(line)) continue;
    const heading = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, key, value = ''] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (heading !== undefined) section = heading;
    else {
      assert.ok(key !== undefined && section !== '', `not a line of a unit: ${line}`);
      settings.push({ section, key, value });
    }
  }
  return settings;
}

/** The values of a setting, in order. */
export function valuesOf(settings: readonly UnitSetting[], key: string): readonly string[] {
  return settings.filter(setting => setting.key === key).map(setting => setting.value);
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', "'": "'", n: '\n', t: '\t', r: '\r', s: ' ' };

/** systemd.syntax(7), "Quoting": the words of a value. */
function words(value: string): readonly string[] {
  const found: string[] = [];
  const rest = value.matchAll(/"((?:[^"\\]|\\.)*)"(?=\s|$)|'((?:[^'\\]|\\.)*)'(?=\s|$)|([^\s"']\S*)|(\S)/gu);
  for (const [, double, single, bare, strange] of rest) {
    assert.equal(strange, undefined, `a quote that is not closed: ${value}`);
    const word = double ?? single ?? bare ?? '';
    found.push(
      word.replace(/\\(?:x([0-9a-f]{2})|(.))/gu, (_all, hex: string | undefined, letter: string) => {
        const character = hex === undefined ? ESCAPES[letter] : String.fromCharCode(Number.parseInt(hex, 16));
        assert.ok(character !== undefined, `an unknown escape: ${word}`);
        return character;
      }),
    );
  }
  return found;
}

/** systemd.unit(5), "Specifiers": ours have none. */
function withoutSpecifiers(word: string): string {
  assert.match(word, /^(?:[^%]|%%)*$/su, 'a specifier');
  return word.replaceAll('%%', '%');
}

const CREDENTIALS = '${CREDENTIALS_DIRECTORY}';

/** systemd.service(5), "Command lines": the arguments that the program gets; of variables only the directory of credentials, written out. */
export function commandLine(value: string): readonly string[] {
  return words(value).map(word => {
    const path = /^--[a-z0-9-]+=\$\{CREDENTIALS_DIRECTORY\}\/(.*)$/su.exec(withoutSpecifiers(word));
    const text = path ? withoutSpecifiers(word).replace(CREDENTIALS, '/run/credentials') : withoutSpecifiers(word);
    assert.match(text, /^(?:[^$]|\$\$)*$/su, 'a variable');
    return text.replaceAll('$$', '$');
  });
}

/** systemd.exec(5), Environment=: variables and their values. */
export function assignments(value: string): readonly (readonly [name: string, value: string])[] {
  return words(value).map(word => {
    const text = withoutSpecifiers(word);
    const equals = text.indexOf('=');
    assert.ok(equals > 0, `no assignment: ${text}`);
    return [text.slice(0, equals), text.slice(equals + 1)];
  });
}

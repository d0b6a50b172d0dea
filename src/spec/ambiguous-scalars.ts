// Plain scalars that YAML 1.2 (kubekiln, kubectl's newer readers) and YAML 1.1 (PyYAML, older Go) read differently: nobody can know what was meant.
import type { Problem } from '../problem.ts';
import type { SourceFile } from '../source-text.ts';

const TRAPS: readonly { readonly pattern: RegExp; readonly older: string; readonly hint: (text: string) => string }[] = [
  { pattern: /^(y|yes|on)$/i, older: 'true', hint: text => `write true, or "${text}" for the text` },
  { pattern: /^(n|no|off)$/i, older: 'false', hint: text => `write false, or "${text}" for the text` },
  {
    pattern: /^[-+]?0[0-7_]+$/,
    older: 'an octal number',
    hint: text => `write 0o${text.replace(/^[-+]?0+/, '')} for the octal number, or "${text}" for the text`,
  },
  { pattern: /^[-+]?0[0-9_]+$/, older: 'a text', hint: text => `write "${text}", or the number without its zeros` },
  { pattern: /^[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/, older: 'a number in base 60', hint: text => `write "${text}"` },
  { pattern: /^[-+]?[0-9]+_[0-9_]*$/, older: 'a number', hint: text => `write ${text.replaceAll('_', '')}, or "${text}" for the text` },
  { pattern: /^\d{4}-\d\d?-\d\d?([Tt ].*)?$/, older: 'a date', hint: text => `write "${text}"` },
];

export function ambiguousScalars(source: SourceFile): Problem[] {
  return source.positions.plainScalars.flatMap(({ start, end }) => {
    const text = source.text.slice(start, end);
    const trap = TRAPS.find(({ pattern }) => pattern.test(text));
    if (!trap) return [];
    return [
      {
        severity: 'error',
        code: 'yaml-ambiguous-scalar',
        path: [],
        offset: start,
        message: `${text} is ${trap.older} for YAML 1.1, and something else for YAML 1.2`,
        hint: trap.hint(text),
      } as const,
    ];
  });
}

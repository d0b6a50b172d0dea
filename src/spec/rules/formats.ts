import { pathText } from '../../document-path.ts';
import type { ProblemCode } from '../../problem.ts';
import type { Rule } from '../rule.ts';
import { TEXT_FORMATS } from '../text-formats.ts';

/** Codes of texts that are not in their format. */
export const FORMAT_CODES: ReadonlySet<ProblemCode> = new Set([
  ...Object.values(TEXT_FORMATS).map(format => format.code),
  'address-not-canonical',
  'subnet-not-canonical',
]);

/** One rule per code of a text format: a text that is not in its format. */
export const formatRules: readonly Rule[] = [...FORMAT_CODES].map(code => ({
  code,
  check({ badTexts }, report) {
    for (const { text, finding } of badTexts.filter(bad => bad.code === code)) {
      const message = `${pathText(text.key ? text.path.slice(0, -1) : text.path)}: ${finding.secret ? 'it' : JSON.stringify(text.value)} ${finding.message}`;
      report.error(text.path, message, {
        ...(!finding.secret && { value: text.value }),
        mark: text.key ? 'key' : 'value',
        ...(finding.hint !== undefined && { hint: finding.hint }),
      });
    }
  },
}));

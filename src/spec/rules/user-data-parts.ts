import { pathText } from '../../document-path.ts';
import type { DocumentPath } from '../../problem.ts';
import type { UserDataPartType } from '../cluster.ts';
import type { Rule, RuleInput } from '../rule.ts';
import { type PartFault, partFaults } from '../user-data-parts.ts';

/** Parts whose file is named as a file, with the place of the name. */
export function namedParts({ spec, badTexts }: RuleInput): readonly { name: string; type?: UserDataPartType; path: DocumentPath }[] {
  return (spec.node?.userDataParts ?? []).flatMap((part, index) => {
    const path: DocumentPath = ['spec', 'node', 'userDataParts', index, 'file'];
    const bad = badTexts.some(({ text }) => pathText(text.path) === pathText(path));
    return part?.file === undefined || bad ? [] : [{ name: part.file, ...(part.type !== undefined && { type: part.type }), path }];
  });
}

function faultRule(code: PartFault['code']): Rule {
  return {
    code,
    check(input, report) {
      for (const { name, type, path } of namedParts(input)) {
        const faults = type === undefined ? [] : partFaults(name, type, input.siblings.read(name));
        for (const fault of faults.filter(one => one.code === code))
          report.error(path, fault.message, { value: name, ...(fault.hint !== undefined && { hint: fault.hint }) });
      }
    },
  };
}

export const userDataPartRules: readonly Rule[] = [
  faultRule('bad-user-data-part'),
  faultRule('reserved-user-data-key'),
  faultRule('user-data-secret'),
];

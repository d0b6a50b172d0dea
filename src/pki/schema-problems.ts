// zod's issues as problems whose messages name fields and expectations only: a value of a secrets file never reaches a message.
import type * as z from 'zod';
import { pathText, valueAt } from '../document-path.ts';
import type { DocumentPath, Problem, ProblemCode } from '../problem.ts';

type Issue = z.core.$ZodIssue;

/** One problem per wrong field of `document`. */
export function schemaProblems(issues: readonly Issue[], document: unknown, code: ProblemCode, file: string): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownKey(path, key, code, file));
    const message = `${pathText(path) || 'the document'} ${expectation(issue, valueAt(document, path))}`;
    return [{ severity: 'error', code, file, path, message }];
  });
}

/** A long key is not named: in a file that was broken by hand it may be a line of a private key. */
function unknownKey(parent: DocumentPath, key: string, code: ProblemCode, file: string): Problem {
  const path = key.length > 32 ? parent : [...parent, key];
  const message = key.length > 32 ? `${pathText(path) || 'the document'} has a key` : `${pathText(path)} is a key`;
  return { severity: 'error', code, file, path, mark: 'key', message: `${message} that kubekiln does not know` };
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  int: 'a whole number',
  string: 'a text',
};

function expectation(issue: Issue, value: unknown): string {
  if (value === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? `of type ${issue.expected}`}`;
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`;
    case 'too_small':
      return typeof value === 'string' ? 'is empty' : `must be at least ${issue.minimum}`;
    case 'custom':
      return `must be ${String(issue.params?.expected ?? 'of another form')}`;
    case 'invalid_key':
      return 'is no key of this mapping';
    default:
      return 'has the wrong form';
  }
}

import type { Finding } from './text-format.ts';

const NAME_LIMIT = 52;

/** Longer names do not fit into a certificate. */
export function nameLength(text: string): Finding | undefined {
  if (text.length <= NAME_LIMIT) return undefined;
  return {
    message: `has ${text.length} characters, at most ${NAME_LIMIT} are possible`,
    hint: 'a certificate\'s common name holds 64, and "system:node:" takes 12 of them',
  };
}

/** kube-apiserver and etcd take such a name for an address; RFC 1123, 2.1 wants a letter in the last label. */
export function numericName(text: string): Finding | undefined {
  return /(^|\.)\d+$/.test(text) ? { message: 'ends in a label of digits only, and would be taken for an IP address' } : undefined;
}

/** The name that was probably meant. */
export function suggestName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '');
  return name !== '' && name.length <= NAME_LIMIT && /^[\x20-\x7e]*$/.test(text) ? `${name} would do` : undefined;
}

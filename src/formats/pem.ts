// PEM (RFC 7468): strict where we read, 64 columns and a final newline where we write for people.

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\s]+?)-----END \1-----/g;

export function toPem(label: string, content: Uint8Array): string {
  const lines =
    Buffer.from(content)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** Each block with that label, written anew; text around blocks is dropped. */
export function pemBlocks(text: string, label: string): string[] {
  return [...text.matchAll(BLOCK)]
    .filter(([, found]) => found === label)
    .map(([, , body = '']) => toPem(label, Buffer.from(body, 'base64')));
}

/**
 * PEM for a node, each block's base64 on one line, which Go and OpenSSL 3 read as they read lines of 64: with line ends at other places in each of a
 * dozen certificates, gzip would not see what they share, 400 bytes of user-data.
 */
export function unwrapped(pem: string): string {
  return pem.replace(BLOCK, (block, _label: string, body: string) => block.replace(body, () => `${body.replace(/\s+/g, '')}\n`));
}

/** DER of the first block with that label, or undefined. */
export function pemContent(text: string, label: string): Buffer | undefined {
  const found = [...text.matchAll(BLOCK)].find(([, name]) => name === label);
  return found && Buffer.from(found[2] ?? '', 'base64');
}

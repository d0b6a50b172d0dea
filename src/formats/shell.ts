// How values are written into POSIX shell (IEEE Std 1003.1, 2.2.2 Single-Quotes).

/** One word, in single quotes: nothing inside is expanded. */
export function shellWord(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/**
 * A script for a node: without comment lines, the comments that open a function, blank lines and indentation, since user-data has 16 KB and all of it
 * stands in templates/. No here-document or quoted text of ours has a line that begins with a blank or `#`.
 */
export function compactScript(script: string): string {
  const [shebang, ...lines] = script.split('\n');
  const kept = lines.filter(line => !/^\s*(#.*)?$/.test(line)).map(line => line.trimStart().replace(/^(\w+\(\) \{) # .*/, '$1'));
  return [shebang, ...kept, ''].join('\n');
}

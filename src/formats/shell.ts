// How values are written into POSIX shell (IEEE Std 1003.1, 2.2.2 Single-Quotes).

/** One word, in single quotes: nothing inside is expanded. */
export function shellWord(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** A script without comment lines and blank lines: user-data has 16 KB, and the comments stand in templates/. */
export function withoutComments(script: string): string {
  const [shebang, ...lines] = script.split('\n');
  return [shebang, ...lines.filter(line => !/^\s*(#.*)?$/.test(line)), ''].join('\n');
}

// 8.3 names for readers that know neither Rock Ridge nor Joliet (ECMA-119, 10.1: interchange level 1).
const NAME_CHARACTERS = 8;
const EXTENSION_CHARACTERS = 3;

/** `user-data` becomes `USER_DAT.;1`; a name that is taken already gets a number. The order of the argument is kept. */
export function shortNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map(name => {
    const dot = name.lastIndexOf('.');
    const stem = legal(dot > 0 ? name.slice(0, dot) : name);
    const extension = dot > 0 ? legal(name.slice(dot + 1)).slice(0, EXTENSION_CHARACTERS) : '';
    let short = `${stem.slice(0, NAME_CHARACTERS)}.${extension};1`;
    for (let number = 1; taken.has(short); number++) {
      short = `${stem.slice(0, NAME_CHARACTERS - String(number).length)}${number}.${extension};1`;
    }
    taken.add(short);
    return short;
  });
}

function legal(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

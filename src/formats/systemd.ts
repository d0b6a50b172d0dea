// How values are written into systemd unit files: systemd.syntax(7), "Quoting" and "Command lines" in systemd.service(5).

/** Expands in ExecStart= to the directory of this unit's credentials; `%d` would need systemd 251. */
export const CREDENTIALS_DIRECTORY = '${CREDENTIALS_DIRECTORY}';

const NEEDS_QUOTES = /[^A-Za-z0-9_./:@,+*=%$[\]~^!-]/u;

function quote(text: string): string {
  if (text !== '' && !NEEDS_QUOTES.test(text)) return text;
  const escaped = text
    .replace(/[\\"]/g, '\\$&')
    .replace(/[\u0000-\u001f\u007f]/g, c => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}

/** One word of ExecStart=: `%` and `$` are doubled, so that nothing of a value is ever expanded. */
export function execArgument(value: string): string {
  return quote(value.replaceAll('%', '%%').replaceAll('$', '$$$$'));
}

/** The right side of Environment= for one variable: specifiers are expanded there, `$` is not. */
export function environmentAssignment(name: string, value: string): string {
  return quote(`${name}=${value.replaceAll('%', '%%')}`);
}

/** A value of any other setting (paths, names): only specifiers are special. */
export function settingValue(value: string): string {
  return value.replaceAll('%', '%%');
}

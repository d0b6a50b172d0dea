// The cloud-configs that need no YAML library: one boot script and files, all of it in literal blocks of printable ASCII, as writeCloudConfig makes
// them of such texts. The reader takes nothing that YAML could read in another way.

/** As writeCloudConfig's; the contents are still text. */
export interface PlainCloudConfig {
  readonly bootScript: string;
  readonly files: readonly { readonly path: string; readonly mode: number; readonly content: string }[];
}

const FILES = '#cloud-config\nwrite_files:\n';
const SCRIPT = '\nbootcmd:\n- - sh\n  - -c\n  - |\n';
const FILE = /^-\n path: (\/[A-Za-z0-9._/-]*)\n permissions: '([0-7]{4})'\n content: \|\n/;
/**
 * A literal block (YAML 1.2, 8.1.2): the first line shows how far it is indented, empty lines need no indentation, and the last line is not empty,
 * since those would be lost.
 */
const BOOT_SCRIPT = /^ {4}[!-~][ -~]*\n(?:(?:\n| {4}\n)*(?: {4}[ -~]+\n))*$/;
const CONTENT = /^ {2}[!-~][ -~]*\n(?:(?:\n| {2}\n)*(?: {2}[ -~]+\n))*$/;

/** undefined for every other text. */
export function readPlainCloudConfig(text: string): PlainCloudConfig | undefined {
  if (!text.startsWith(FILES)) return undefined;
  const end = text.indexOf(SCRIPT);
  const bootScript = end < 0 ? undefined : blockContent(text.slice(end + SCRIPT.length), BOOT_SCRIPT, /^ {4}/gm);
  if (bootScript === undefined) return undefined;
  const files: PlainCloudConfig['files'][number][] = [];
  for (const entry of text.slice(FILES.length, end + 1).split(/^(?=-)/m)) {
    const [head, path, mode] = FILE.exec(entry) ?? [];
    const content = head && blockContent(entry.slice(head.length), CONTENT, /^ {2}/gm);
    if (path === undefined || mode === undefined || content === undefined) return undefined;
    files.push({ path, mode: Number.parseInt(mode, 8), content });
  }
  return { bootScript, files };
}

function blockContent(block: string, form: RegExp, indentation: RegExp): string | undefined {
  return form.test(block) ? block.replace(indentation, '') : undefined;
}

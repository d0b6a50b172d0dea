import { thousands } from '../formats/thousands.ts';

/** Columns two spaces apart; those whose heading is in `right` are aligned to the right. Ends in a newline; no line has trailing spaces. */
export function renderTable(heading: readonly string[], rows: readonly (readonly string[])[], right: readonly string[] = []): string {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map(row => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    heading
      .map((title, column) => {
        const cell = cells[column] ?? '';
        return right.includes(title) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
      })
      .join('  ')
      .trimEnd();
  return [heading, ...rows].map(cells => `${line(cells)}\n`).join('');
}

/** `12,912` */
export function withCommas(count: number): string {
  return thousands(count);
}

/** `1 node`, `2 nodes`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${withCommas(count)} ${count === 1 ? singular : plural}`;
}

// Durations in Go's form, as kubeadm and every Kubernetes flag write them: https://pkg.go.dev/time#ParseDuration

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** Seconds of `8760h`, `1h30m`, `90s`; undefined for anything else (Go has no days; fractions and units below a second serve nothing here). */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+h)?(\d+m)?(\d+s)?$/.test(text) || text === '') return undefined;
  let seconds = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)([hms])/g)) seconds += Number(digits) * (UNITS[unit] ?? 0);
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** The shortest Go form of a number of seconds: `8760h`, `15m`, `1h30m`; `never` for Infinity. */
export function durationText(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) return 'never';
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const;
  return (
    parts
      .filter(([count]) => count > 0)
      .map(([count, unit]) => `${count}${unit}`)
      .join('') || '0s'
  );
}

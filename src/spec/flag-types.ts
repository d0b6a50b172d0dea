// What Go's flag packages take as a value of each type: https://pkg.go.dev/github.com/spf13/pflag, https://pkg.go.dev/strconv, https://pkg.go.dev/time#ParseDuration

interface FlagType {
  /** As a message says it: `a duration`. */
  readonly title: string;
  readonly examples: string;
  readonly takes: (value: string) => boolean;
}

const INTEGER = /^[+-]?(0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|0|[1-9](_?\d)*)$/;

function integer(bits: 32 | 64, signed = true): FlagType {
  const [low, high] = signed ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(bits) - 1n];
  const takes = (value: string) => {
    if (!INTEGER.test(value) || (!signed && /^[+-]/.test(value))) return false;
    const magnitude = BigInt(
      value
        .replace(/^[+-]/, '')
        .replaceAll('_', '')
        .replace(/^0(?=[0-7])/, '0o'),
    );
    const number = value.startsWith('-') ? -magnitude : magnitude;
    return number >= low && number <= high;
  };
  return { title: `a whole number${signed ? '' : ' from 0'}${bits === 32 ? ` up to ${high}` : ''}`, examples: '5, 100', takes };
}

const FLOAT: FlagType = {
  title: 'a number',
  examples: '0.5, 20',
  takes: value => /^[+-]?((\d(_?\d)*\.?|\d*\.\d)(_?\d)*(e[+-]?\d(_?\d)*)?|0x[0-9a-f._]+p[+-]?\d+|inf|infinity|nan)$/i.test(value),
};

const TYPES: Readonly<Record<string, FlagType>> = {
  bool: { title: 'true or false', examples: 'true, false', takes: value => /^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value) },
  duration: {
    title: 'a duration',
    examples: '300ms, 30s, 1h30m',
    takes: value => /^[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/.test(value),
  },
  int: integer(64),
  int32: integer(32),
  int64: integer(64),
  uint: integer(64, false),
  // klog's verbosity, --v.
  Level: { title: 'a whole number from 0', examples: '2, 4', takes: value => /^\d{1,9}$/.test(value) },
  float32: FLOAT,
  float64: FLOAT,
};

/** What is wrong with `value` for a flag of that type; undefined when the program takes it, or when only the program can tell. */
export function wrongValue(type: string | undefined, value: string): Pick<FlagType, 'title' | 'examples'> | undefined {
  const known = type !== undefined && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  return known === undefined || known.takes(value) ? undefined : known;
}

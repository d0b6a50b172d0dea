// The typed configuration files of Kubernetes' own daemons (KubeletConfiguration, KubeProxyConfiguration): ours, with the operator's keys in it.

export type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The operator's keys in the place of ours; mappings are merged, lists replaced. */
export function withOperatorsKeys(ours: Mapping, given: Mapping): Mapping {
  const entries = Object.entries(given).map(([key, value]) => {
    const own = ours[key];
    return [key, isMapping(own) && isMapping(value) ? withOperatorsKeys(own, value) : value];
  });
  return { ...ours, ...Object.fromEntries(entries) };
}

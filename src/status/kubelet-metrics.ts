// Ends of a kubelet's certificates, from its own metrics: https://kubernetes.io/docs/reference/instrumentation/metrics/

const NAMES: Readonly<Record<string, string>> = {
  kubelet_certificate_manager_client_ttl_seconds: 'kubelet-client',
  kubelet_certificate_manager_server_ttl_seconds: 'kubelet',
};

/** By certificate, in seconds since 1970; a kubelet that does not manage one says `+Inf`, and it is left out. */
export function kubeletExpiries(metrics: string, now: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [, metric = '', value = ''] of metrics.matchAll(/^(kubelet_certificate_manager_\w+_ttl_seconds) (\S+)/gm)) {
    const name = NAMES[metric];
    const seconds = Number(value);
    if (name !== undefined && Number.isFinite(seconds)) found.set(name, Math.round(now + seconds));
  }
  return found;
}

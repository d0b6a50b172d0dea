import { firstGiven, type Rule } from '../rule.ts';

const plainHttp: Rule = {
  code: 'plain-http',
  check(input, report) {
    for (const [registry, mirror] of Object.entries(input.spec.registries?.mirrors ?? {})) {
      for (const [index, url] of (mirror?.endpoint ?? []).entries()) {
        const path = firstGiven(input, ['spec', 'registries', 'mirrors', registry, 'endpoint', index]);
        if (url?.startsWith('http://'))
          report.warning(path, `images of ${registry} would be fetched without TLS`, {
            value: url,
            hint: 'https, with caFile for a CA of your own',
          });
      }
    }
  },
};

export const registryRules: readonly Rule[] = [plainHttp];

import type { DocumentPath } from '../../problem.ts';
import { firstGiven, type Rule, type SpecDraft } from '../rule.ts';
import { MIRRORED } from './downloads.ts';

interface MirrorUrl {
  readonly url: string;
  readonly path: DocumentPath;
  /** What would come from there. */
  readonly what: string;
}

function mirrorUrls(spec: SpecDraft): readonly MirrorUrl[] {
  const images = Object.entries(spec.registries?.mirrors ?? {}).flatMap(([registry, mirror]) =>
    (mirror?.endpoint ?? []).map((url, index) => ({
      url,
      path: ['spec', 'registries', 'mirrors', registry, 'endpoint', index],
      what: `images of ${registry}`,
    })),
  );
  const files = MIRRORED.flatMap(part => {
    const what = part === 'runtime' ? 'the runtime part' : 'programs';
    const more = (spec[part]?.urls ?? []).map((url, index) => ({ url, path: ['spec', part, 'urls', index], what }));
    return [{ url: spec[part]?.url, path: ['spec', part, 'url'], what }, ...more];
  });
  return [...images, ...files].flatMap(({ url, ...rest }) => (url === undefined ? [] : [{ url, ...rest }]));
}

const plainHttp: Rule = {
  code: 'plain-http',
  check(input, report) {
    for (const { url, path, what } of mirrorUrls(input.spec)) {
      if (url.startsWith('http://'))
        report.warning(firstGiven(input, path), `${what} would be fetched without TLS`, {
          value: url,
          hint: 'https, with caFile for a CA of your own',
        });
    }
  },
};

export const registryRules: readonly Rule[] = [plainHttp];
